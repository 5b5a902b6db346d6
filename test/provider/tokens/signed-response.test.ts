import { describe, expect, test } from '@jest/globals'
import { CompactEncrypt } from 'jose'
import { createProvider } from '../../../lib/provider/provider.js'
import type { ClientSettings } from '../../../lib/provider/types.js'
import { failureOf } from '../../kit/failure.js'
import { ecKey, mint, otherRsaKey, rsaKey, signHmac, signingKey } from '../../kit/provider/keys.js'
import { FakeProvider } from '../../kit/provider/provider.js'

function responseClaims(op: FakeProvider, changes: Record<string, unknown> = {}) {
  const exp = Math.floor(op.clock.seconds) + 300
  return { iss: op.issuer, aud: 'client-1', exp, code: 'code-1', state: 'state-1', ...changes }
}

const open = (op: FakeProvider, response: string, client: Partial<ClientSettings> = {}) =>
  createProvider(op.settings, { ...op.client, ...client }).openSignedResponse(response)

describe('a signed authorization response', () => {
  test('has the parameters of a plain one, which are then checked as ever', async () => {
    const op = new FakeProvider()
    const parameters = await open(op, await mint(responseClaims(op, { number: 7 })))
    expect(Object.fromEntries(parameters)).toEqual({
      iss: op.issuer,
      aud: 'client-1',
      code: 'code-1',
      state: 'state-1',
    })
  })

  test('may carry an error, and dates that ID Tokens have', async () => {
    const op = new FakeProvider()
    const now = Math.floor(op.clock.seconds)
    const parameters = await open(
      op,
      await mint(responseClaims(op, { code: undefined, error: 'access_denied', iat: now, nbf: now })),
    )
    expect(parameters.get('error')).toBe('access_denied')
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['names no issuer', { iss: undefined }, 'token_claim_missing'],
    ['is from another issuer', { iss: 'https://attacker.example' }, 'token_issuer_mismatch'],
    ['names no audience', { aud: undefined }, 'token_claim_missing'],
    ['is for another client', { aud: 'client-2' }, 'token_audience_mismatch'],
    ['is for another client too', { aud: ['client-1', 'client-2'] }, 'token_audience_mismatch'],
    ['has no end', { exp: undefined }, 'token_claim_missing'],
    ['has expired', { exp: 1000 }, 'token_expired'],
    ['is not valid yet', { nbf: 9_999_999_999 }, 'token_not_yet_valid'],
  ])('that %s is refused', async (_flaw, changes, code) => {
    const op = new FakeProvider()
    expect(await failureOf(open(op, await mint(responseClaims(op, changes))))).toMatchObject({
      name: 'TokenValidationError',
      code,
    })
  })

  test('CB37: that another key signed is refused, and so is one without a signature', async () => {
    const op = new FakeProvider()
    const forged = await mint(responseClaims(op), otherRsaKey.privateKey)
    expect(await failureOf(open(op, forged))).toMatchObject({ code: 'token_signature_invalid' })
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const none = `${encode({ alg: 'none' })}.${encode(responseClaims(op))}.`
    expect(await failureOf(open(op, none))).toMatchObject({ code: 'token_algorithm_refused' })
    expect(await failureOf(open(op, 'not a token'))).toMatchObject({ code: 'token_malformed' })
  })

  test('is signed as ID Tokens are, unless authorizationResponseAlg says otherwise', async () => {
    const op = new FakeProvider({ keys: [rsaKey, ecKey] })
    const signed = await mint(responseClaims(op), ecKey.privateKey, { alg: 'ES256', kid: ecKey.jwk.kid })
    expect(await failureOf(open(op, signed))).toMatchObject({
      code: 'token_algorithm_refused',
      details: { option: 'idTokenSigningAlg' },
    })
    expect((await open(op, signed, { authorizationResponseAlg: 'ES256' })).get('code')).toBe('code-1')
    const plain = await mint(responseClaims(op))
    expect(await failureOf(open(op, plain, { authorizationResponseAlg: 'ES256' }))).toMatchObject({
      details: { option: 'authorizationResponseAlg' },
    })
  })

  test('by the client secret is refused where keys are expected', async () => {
    const op = new FakeProvider()
    const hmac = signHmac({ alg: 'HS256' }, responseClaims(op), 'secret-1')
    expect(await failureOf(open(op, hmac))).toMatchObject({ code: 'token_algorithm_refused' })
  })
})

describe('an encrypted authorization response', () => {
  const key = signingKey('ES256')
  const decryptionKeys = [key.privateKey.export({ format: 'jwk' })]
  const encrypted = async (op: FakeProvider) =>
    new CompactEncrypt(Buffer.from(await mint(responseClaims(op))))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
      .encrypt(key.publicKey)

  test('is opened with a decryption key, and refused without', async () => {
    const op = new FakeProvider()
    expect((await open(op, await encrypted(op), { decryptionKeys })).get('code')).toBe('code-1')
    expect(await failureOf(open(op, await encrypted(op)))).toMatchObject({ code: 'token_decryption_failed' })
  })

  test('is required where encryptedResponses names it', async () => {
    const op = new FakeProvider()
    const client = { decryptionKeys, encryptedResponses: ['authorization'] } as const
    expect(await failureOf(open(op, await mint(responseClaims(op)), client))).toMatchObject({
      code: 'token_not_encrypted',
      message: expect.stringContaining('authorization_encrypted_response_alg'),
    })
    expect((await open(op, await encrypted(op), client)).get('state')).toBe('state-1')
  })
})
