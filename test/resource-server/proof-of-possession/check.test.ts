import { describe, expect, test } from '@jest/globals'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import { createBearerChallenges } from '../../../lib/resource-server/challenges.js'
import { createPossessionCheck, possessionRules } from '../../../lib/resource-server/proof-of-possession/check.js'
import type { Confirmation, TokenRequest, VerifiedToken } from '../../../lib/resource-server/types.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'
import { reasonOf, refusalOf, testApi } from '../../kit/resource-server/api.js'
import { apiUrl, proofClient } from '../../kit/resource-server/proof.js'

const x5t = 'A'.repeat(43)
const another = 'B'.repeat(43)
const certificate = { certificateThumbprint: x5t }

const header = { source: 'header', header: 'x-cert', format: 'rfc9440', trustedProxies: ['127.0.0.1'] }

async function bindingFailureOf(refused: Promise<unknown>) {
  const error = await refusalOf(refused)
  expect(error).toMatchObject({ status: 401, code: 'invalid_token' })
  expect(reasonOf(error)).toBe('token_binding_failed')
  const { subject, option } = error.details ?? {}
  return [(error.cause as Error).message, subject, option]
}

describe('a token that is bound to a certificate', () => {
  const elsewhere = ['the token is bound to a client certificate that the request did not present', 'cnf', 'mtls']

  test.each([{ source: 'socket' }, header, { ...header, required: true }])(
    'is taken with that one, and no other: %j',
    async (mtls) => {
      const { issuer, validator } = testApi({ mtls })
      const authorization = `Bearer ${issuer.accessToken({ cnf: { 'x5t#S256': x5t } })}`
      await validator.validate(authorization, certificate)
      for (const certificateThumbprint of [another, undefined, '']) {
        expect(await bindingFailureOf(validator.validate(authorization, { certificateThumbprint }))).toEqual(elsewhere)
      }
    },
  )

  test('is refused, with whatever certificate, where those are not read', async () => {
    for (const options of [{}, { mtls: 'off' }]) {
      const { issuer, validator } = testApi(options)
      const authorization = `Bearer ${issuer.accessToken({ cnf: { 'x5t#S256': x5t } })}`
      expect(await bindingFailureOf(validator.validate(authorization, certificate))).toEqual(elsewhere)
    }
  })
})

describe('a token that is bound to no certificate', () => {
  test('is taken unless certificates are required', async () => {
    const unbound = ['the token is not bound to a certificate', 'cnf', 'mtls']
    for (const mtls of [{ source: 'off' }, { source: 'socket' }, { source: 'socket', required: false }, header]) {
      const { issuer, accept } = testApi({ mtls })
      await accept(issuer.accessToken(), certificate)
    }
    for (const mtls of [
      { source: 'socket', required: true },
      { ...header, required: true },
    ]) {
      const { issuer, validator } = testApi({ mtls })
      expect(await bindingFailureOf(validator.validate(`Bearer ${issuer.accessToken()}`, certificate))).toEqual(unbound)
    }
  })
})

describe('a token that is bound to a key', () => {
  const unproven = ['the token is bound to a key, but came without a proof', 'cnf', 'dpop']

  test('needs its proof, which only the scheme DPoP has', async () => {
    for (const dpop of ['off', 'allowed']) {
      const { issuer, validator } = testApi({ dpop })
      const client = proofClient(issuer)
      const token = client.token()
      const request = { url: apiUrl, dpop: client.proof(token) }
      expect(await bindingFailureOf(validator.validate(`Bearer ${token}`, request))).toEqual(unproven)
    }
  })

  test('needs its certificate too where it is bound to both', async () => {
    const { issuer, validator } = testApi({ dpop: 'required', mtls: { source: 'socket' } })
    const client = proofClient(issuer)
    const token = client.token({ cnf: { jkt: client.jkt, 'x5t#S256': x5t } })
    const proven = () => ({ url: apiUrl, dpop: client.proof(token) })
    await validator.validate(`DPoP ${token}`, { ...proven(), ...certificate })
    expect(await bindingFailureOf(validator.validate(`DPoP ${token}`, proven()))).toEqual([
      'the token is bound to a client certificate that the request did not present',
      'cnf',
      'mtls',
    ])
    const unproven = validator.validate(`DPoP ${token}`, { url: apiUrl, ...certificate })
    expect(await refusalOf(unproven)).toMatchObject({ code: 'invalid_dpop_proof' })
  })
})

describe('a token that is bound to no key', () => {
  test('is refused with the scheme DPoP, whatever proof is with it', async () => {
    for (const dpop of ['allowed', 'required']) {
      const { issuer, validator } = testApi({ dpop })
      const client = proofClient(issuer)
      const token = issuer.accessToken()
      const request = { url: apiUrl, dpop: client.proof(token) }
      expect(await bindingFailureOf(validator.validate(`DPoP ${token}`, request))).toEqual([
        'the token is not bound to a key',
        'cnf',
        'dpop',
      ])
    }
  })

  test('is taken as Bearer unless DPoP is required', async () => {
    for (const dpop of ['off', 'allowed']) {
      const { issuer, accept } = testApi({ dpop })
      await expect(accept(issuer.accessToken())).resolves.toMatchObject({ scheme: 'bearer' })
    }
  })
})

describe('the rules for proofs', () => {
  const rulesOf = (options: Record<string, unknown>) => {
    const given = {
      issuer: 'https://issuer.example.com',
      audience: 'api',
      baseUrl: 'https://api.example.com',
      ...options,
    }
    return possessionRules(parseBearerOptions(given), new Clock())
  }
  const proofs = { check: expect.any(Function) }

  test.each([
    [{}, { dpopRequired: false, mtls: false, mtlsRequired: false }],
    [
      { dpop: 'off', mtls: 'off' },
      { dpopRequired: false, mtls: false, mtlsRequired: false },
    ],
    [{ dpop: 'allowed' }, { dpop: proofs, dpopRequired: false, mtls: false, mtlsRequired: false }],
    [{ dpop: 'required' }, { dpop: proofs, dpopRequired: true, mtls: false, mtlsRequired: false }],
    [{ mtls: { source: 'socket' } }, { dpopRequired: false, mtls: true, mtlsRequired: false }],
    [{ mtls: { source: 'socket', required: true } }, { dpopRequired: false, mtls: true, mtlsRequired: true }],
  ])('are those of the options: %j', (options, rules) => {
    expect(rulesOf(options)).toEqual(rules)
    expect('dpop' in rulesOf(options)).toBe('dpop' in rules)
  })

  test('hold for a scheme that is not offered, too', async () => {
    const challenges = createBearerChallenges({ schemes: ['bearer'], proofAlgorithms: [] })
    const check = (
      options: Record<string, unknown>,
      confirmation: Confirmation | undefined,
      scheme: 'bearer' | 'dpop',
    ) => {
      const verified = { confirmation } as VerifiedToken
      return createPossessionCheck(rulesOf(options), challenges)(verified, scheme, 'token', {} as TokenRequest)
    }
    const refusal = (why: string) => ({
      code: 'token_binding_failed',
      message: `the token ${why}`,
      details: { subject: 'cnf', option: 'dpop' },
    })
    expect(check({}, undefined, 'bearer')).toBeUndefined()
    expect(await failureOf(() => check({ dpop: 'required' }, undefined, 'bearer'))).toMatchObject(
      refusal('is not bound to a key'),
    )
    expect(await failureOf(() => check({}, { jkt: 'k'.repeat(43) }, 'dpop'))).toMatchObject(
      refusal('is bound to a key, but came without a proof'),
    )
  })
})

describe('nonces for proofs', () => {
  const api = (nonce: unknown, more: Record<string, unknown> = {}) => {
    const made = testApi({ dpop: { mode: 'required', nonce, ...more } })
    const client = proofClient(made.issuer)
    const token = client.token({ exp: made.issuer.clock.seconds + 3600 })
    const send = (claims: Record<string, unknown> = {}) =>
      made.validator.validate(`DPoP ${token}`, {
        url: apiUrl,
        dpop: client.proof(token, { claims: { iat: made.issuer.clock.seconds, ...claims } }),
      })
    const nonceOf = async () => (await refusalOf(send())).headers['DPoP-Nonce']
    return { ...made, send, nonceOf }
  }

  test('are not needed where they are switched off', async () => {
    await api(false).send()
    await api(false).send({ nonce: 'whatever' })
  })

  test('have a lifetime of 300 seconds unless the options say otherwise', async () => {
    const secret = 'one-random-secret-0123456789abcdef!!'
    for (const [nonce, lifetime] of [
      [true, 300],
      [{ secret }, 300],
      [{ secret, lifetimeSeconds: 60 }, 60],
    ] as const) {
      const { issuer, nonceOf } = api(nonce)
      const first = await nonceOf()
      // The clock stands at a whole multiple of both lifetimes.
      issuer.clock.seconds += lifetime - 1
      expect(await nonceOf()).toBe(first)
      issuer.clock.seconds += 1
      expect(await nonceOf()).not.toBe(first)
    }
  })

  test('are of one secret for all resource servers of a process where none is given', async () => {
    const nonce = await api(true).nonceOf()
    expect(await api(true).nonceOf()).toBe(nonce)
    expect(await api({ secret: 'one-random-secret-0123456789abcdef!!' }).nonceOf()).not.toBe(nonce)
  })
})
