import { describe, expect, test } from '@jest/globals'
import { TokenValidationError } from '../../../lib/errors.js'
import { createBearerChallenges } from '../../../lib/resource-server/challenges.js'
import { createDpopProofs, isSameTarget } from '../../../lib/resource-server/proof-of-possession/dpop-proof.js'
import { MemoryReplayCache } from '../../../lib/resource-server/proof-of-possession/replay-cache.js'
import type { TokenRequest } from '../../../lib/resource-server/types.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'
import { signJws, signingKey } from '../../kit/provider/keys.js'
import { refusalOf, testApi } from '../../kit/resource-server/api.js'
import { apiUrl, proofClient, type ProofOverrides } from '../../kit/resource-server/proof.js'

function dpopApi(dpop: Record<string, unknown> = {}) {
  const api = testApi({ dpop: { mode: 'required', ...dpop } })
  const client = proofClient(api.issuer)
  const token = client.token({ exp: api.issuer.clock.seconds + 3600 })
  const present = (proof: string | readonly string[], more: Record<string, unknown> = {}) =>
    api.validator.validate(`DPoP ${token}`, { url: apiUrl, dpop: proof, ...more })
  const proofOf = (overrides: ProofOverrides = {}) =>
    client.proof(token, { ...overrides, claims: { iat: api.issuer.clock.seconds, ...overrides.claims } })
  const reasonFor = async (proof: string | readonly string[]) => {
    const error = await refusalOf(present(proof))
    expect(error).toMatchObject({ status: 401, code: 'invalid_dpop_proof' })
    expect(error.cause).toBeInstanceOf(TokenValidationError)
    return error.cause as TokenValidationError
  }
  return { ...api, client, token, present, proofOf, reasonFor }
}

describe('the refusal of a DPoP proof says in the log', () => {
  test.each<[string, ProofOverrides]>([
    ['jti is missing', { claims: { jti: '' } }],
    ['jti is missing', { claims: { jti: 5 } }],
    ['htm does not match the method', { claims: { htm: 'POST' } }],
    ['htu does not match the URL', { claims: { htu: 'https://api.example.com/x' } }],
    ['htu does not match the URL', { claims: { htu: [apiUrl] } }],
    ['iat is too far from the current time', { claims: { iat: 5 } }],
    ['exp is in the past, or is not a date', { claims: { exp: 5 } }],
    ['exp is in the past, or is not a date', { claims: { exp: 'x' } }],
    ['nbf is in the future, or is not a date', { claims: { nbf: 1_900_000_000 } }],
    ['nbf is in the future, or is not a date', { claims: { nbf: false } }],
    ['ath belongs to another token', { claims: { ath: 'x' } }],
    ['typ must be dpop+jwt', { header: { typ: 'jwt' } }],
    ['jwk is not a public key for this alg', { header: { jwk: undefined } }],
    ['jwk is not a public key for this alg', { header: { jwk: 'x' } }],
    ['jwk is not a public key for this alg', { header: { alg: 'ES384' } }],
  ])('%s', async (why, overrides) => {
    const { proofOf, reasonFor } = dpopApi()
    expect(await reasonFor(proofOf(overrides))).toMatchObject({
      code: 'token_binding_failed',
      message: `the DPoP proof is refused: ${why}`,
    })
  })

  test('that there is none, or more than one', async () => {
    const { proofOf, reasonFor } = dpopApi()
    const message = 'the DPoP proof is refused: there must be exactly one proof'
    for (const proofs of ['', [], [''], ['', ''], [proofOf(), proofOf()], [proofOf(), '']]) {
      expect(await reasonFor(proofs)).toMatchObject({ code: 'token_binding_failed', message })
    }
  })

  test('that its jti was used before, from the memory and from the store of the application', async () => {
    const message = 'the DPoP proof is refused: the jti was used before'
    const { present, proofOf, reasonFor } = dpopApi()
    const proof = proofOf()
    await present(proof)
    expect(await reasonFor(proof)).toMatchObject({ code: 'token_binding_failed', message })
    const stored = dpopApi({ replayCache: { add: async () => false } })
    expect(await stored.reasonFor(stored.proofOf())).toMatchObject({ code: 'token_binding_failed', message })
  })

  test('that its algorithm is not among those of the option', async () => {
    const { proofOf, reasonFor } = dpopApi({ algorithms: ['ES384', 'EdDSA'] })
    expect(await reasonFor(proofOf())).toMatchObject({
      code: 'token_algorithm_refused',
      message: 'the token is signed with "ES256", and "dpop.algorithms" allows ES384, EdDSA',
      details: { option: 'dpop.algorithms' },
    })
  })

  test('that it is longer than 4096 characters', async () => {
    const { present, proofOf, reasonFor } = dpopApi()
    const padded = (length: number) => {
      for (let header = 0; header < 8; header++) {
        for (let claim = 2600; claim < 3000; claim++) {
          const proof = proofOf({ header: { x: 'x'.repeat(header) }, claims: { x: 'x'.repeat(claim) } })
          if (proof.length === length) return proof
          if (proof.length > length) break
        }
      }
      throw new Error('no proof has this length')
    }
    await present(padded(4096))
    expect(await reasonFor(padded(4097))).toMatchObject({ code: 'token_malformed', message: 'the token is too long' })
  })

  test('that it is signed with another key than the token is bound to, before it looks at anything else', async () => {
    const { issuer, present, proofOf } = dpopApi()
    const thief = proofClient(issuer)
    const error = await refusalOf(present(proofOf({ header: { jwk: thief.jwk }, claims: { jti: '' } })))
    expect(error).toMatchObject({ code: 'invalid_token', status: 401 })
    expect(error.cause).toMatchObject({
      code: 'token_binding_failed',
      message: 'the proof is signed with another key',
    })
  })

  test('that its signature is wrong, also with a key that was seen before', async () => {
    const { present, proofOf, reasonFor } = dpopApi()
    await present(proofOf())
    expect(await reasonFor(proofOf({ key: signingKey() }))).toMatchObject({ code: 'token_signature_invalid' })
    await present(proofOf())
  })
})

describe('a DPoP proof with a nonce', () => {
  const nonces = () => dpopApi({ nonce: { secret: 'one-random-secret-0123456789abcdef!!', lifetimeSeconds: 60 } })

  test('gets another only where its own is of the period before', async () => {
    const { issuer, present, proofOf } = nonces()
    const offered: string[] = []
    const send = (nonce: unknown) =>
      present(proofOf({ claims: { nonce } }), { onNonce: (each: string) => offered.push(each) })
    const first = (await refusalOf(send(undefined))).headers['DPoP-Nonce']
    await send(first)
    expect(offered).toEqual([])
    issuer.clock.seconds += 60
    await send(first)
    expect(offered).toHaveLength(1)
    const refused = await refusalOf(send('x'))
    expect(refused).toMatchObject({ code: 'use_dpop_nonce', headers: { 'DPoP-Nonce': offered[0] } })
    expect(offered).toHaveLength(1)
  })

  test('that is unknown uses up no jti', async () => {
    const { present, proofOf } = nonces()
    const nonce = (await refusalOf(present(proofOf({ claims: { jti: 'once' } })))).headers['DPoP-Nonce']
    await present(proofOf({ claims: { jti: 'once', nonce } }))
  })
})

describe('a mistake during the check of a proof', () => {
  test('stays what it is, and is not taken for an invalid proof', async () => {
    const clock = new Clock()
    const rules = { algorithms: ['ES256'], proofMaxAgeSeconds: 60, proofClockToleranceSeconds: 5 }
    const proofs = createDpopProofs({ ...rules, replays: new MemoryReplayCache(clock), runtime: clock })
    const challenges = createBearerChallenges({ schemes: ['dpop'], proofAlgorithms: [] })
    const mistake = new TypeError('x')
    const request = {
      dpopProofs: () => {
        throw mistake
      },
    } as unknown as TokenRequest
    expect(await failureOf(() => proofs.check(request, 'token', 'jkt', challenges))).toBe(mistake)
  })

  test('by a key that cannot be imported is an invalid proof', async () => {
    const { token, client, issuer, reasonFor } = dpopApi()
    const claims = { jti: 'x', htm: 'GET', htu: apiUrl, iat: issuer.clock.seconds, ath: token }
    const jwk = { ...client.jwk, x: 'AAAA' }
    expect(await reasonFor(signJws({ alg: 'ES256', typ: 'dpop+jwt', jwk }, claims, client.key))).toMatchObject({
      message: 'the DPoP proof is refused: jwk is not a public key for this alg',
    })
  })
})

describe('DP10: two URLs', () => {
  const at = (path: string) => `https://api.example.com${path}`

  test.each([
    [at('/a'), at('/a')],
    [at('/a'), 'HTTPS://API.EXAMPLE.COM:443/a?b#c'],
    [at(''), at('/')],
    [at('/a%7Eb%7ec'), at('/a~b~c')],
    [at('/%41%7a%30%2D%5f%2Eb'), at('/Az0-_.b')],
    [at('/%2f%e4'), at('/%2F%E4')],
    [at('/a/./b/../c'), at('/a/c')],
    ['http://api.example.com:80/a', 'http://api.example.com/a'],
    [at('/ä'), at('/%C3%A4')],
  ])('DP10: are the same: %s and %s', (one, other) => {
    expect([isSameTarget(one, other), isSameTarget(other, one)]).toEqual([true, true])
  })

  test.each([
    [at('/a'), at('/A')],
    [at('/a'), at('/a/')],
    [at('/a%2Fb'), at('/a/b')],
    [at('/a%2Fb'), at('/ab')],
    [at('/a%20b'), at('/a+b')],
    [at('/a%25b'), at('/a%b')],
    [at('/a'), 'http://api.example.com/a'],
    [at('/a'), 'https://api.example.com:8443/a'],
    [at('/a'), 'https://user@api.example.com/a'],
    [at('/a'), 'https://:password@api.example.com/a'],
    [at('/a'), 'https://user:password@api.example.com/a'],
    [at('/a'), '/a'],
    [at('/a'), ''],
  ])('DP10: are not: %s and %s', (one, other) => {
    expect([isSameTarget(one, other), isSameTarget(other, one)]).toEqual([false, false])
  })

  test.each([
    '',
    'a',
    '/a',
    'ftp://api.example.com/a',
    'xhttp://api.example.com/a',
    'https://user@api.example.com/a',
    'https://:x@api.example.com/',
  ])('DP10: are not the same, though they are spelled so: %s', (url) => {
    expect(isSameTarget(url, url)).toBe(false)
  })
})
