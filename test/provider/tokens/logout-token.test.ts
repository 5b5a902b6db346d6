import { describe, expect, test } from '@jest/globals'
import { CompactEncrypt } from 'jose'
import { createKeys } from '../../../lib/provider/keys.js'
import { type LogoutTokenValidator, createLogoutTokenValidator } from '../../../lib/provider/tokens/logout-token.js'
import { createHttpClient } from '../../../lib/provider/transport/http-client.js'
import type { ClientSettings } from '../../../lib/provider/types.js'
import { failureOf } from '../../kit/failure.js'
import { encrypted, keysByKind } from '../../kit/provider/encryption.js'
import { ecKey, mint, otherRsaKey, rsaKey } from '../../kit/provider/keys.js'
import { FakeProvider } from '../../kit/provider/provider.js'

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'
type Claims = Record<string, unknown>

function tokensOf(
  op: Pick<FakeProvider, 'settings' | 'client'>,
  client: Partial<ClientSettings> = {},
): LogoutTokenValidator {
  const keys = createKeys(async () => 'https://issuer.example/jwks', createHttpClient(op.settings), op.settings)
  return createLogoutTokenValidator({ ...op.settings, ...op.client, ...client }, keys)
}

function claimsOf(op: FakeProvider, changes: Claims = {}): Claims {
  const { nonce: _, ...claims } = op.claims()
  return { ...claims, jti: 'jti-1', sid: 'sid-1', events: { [logoutEvent]: {} }, ...changes }
}

interface Header {
  readonly header?: Claims
  readonly key?: Parameters<typeof mint>[1]
  readonly client?: Partial<ClientSettings>
}

async function verdict(changes: Claims, { header = {}, key = rsaKey.privateKey, client = {} }: Header = {}) {
  const op = new FakeProvider()
  const token = await mint(claimsOf(op, changes), key, { alg: 'RS256', kid: 'rsa-1', ...header })
  return tokensOf(op, client)
    .validate(token)
    .then(
      () => 'accepted',
      (error) => error.code,
    )
}

const now = new FakeProvider().clock.now() / 1000

test('a logout token of another type is refused with details for logs', async () => {
  const op = new FakeProvider()
  const token = await mint(claimsOf(op), rsaKey.privateKey, { alg: 'RS256', kid: 'rsa-1', typ: 'at+jwt' })
  const details = { subject: 'typ', seen: '"at+jwt"', expected: '"logout+jwt"' }
  expect(await failureOf(tokensOf(op).validate(token))).toMatchObject({ code: 'token_type_refused', details })
})

describe('a valid logout token', () => {
  test('says who has been logged out, where, and until when it counts', async () => {
    const op = new FakeProvider()
    expect(await tokensOf(op).validate(await mint(claimsOf(op, { sub: 'ada', exp: now + 120 })))).toEqual({
      issuer: 'https://issuer.example',
      subject: 'ada',
      sid: 'sid-1',
      jti: 'jti-1',
      issuedAt: now,
      expiresAt: now + 120,
    })
  })

  test('counts for five minutes at most, whatever its exp says', async () => {
    const op = new FakeProvider()
    const { expiresAt } = await tokensOf(op).validate(await mint(claimsOf(op, { exp: now + 86_400 })))
    expect(expiresAt).toBe(now + 300)
  })

  test.each(['JWT', 'jwt', 'logout+jwt', 'LOGOUT+JWT', 'application/logout+jwt', undefined])(
    'may have the typ %p',
    async (typ) => {
      expect(await verdict({}, { header: typ === undefined ? {} : { typ } })).toBe('accepted')
    },
  )

  test.each<[string, Claims]>([
    ['only a sub', { sid: undefined }],
    ['only a sid', { sub: undefined }],
    ['a sid of any characters', { sid: `a:b*c d"e'f\\g\u{1F600}` }],
    ['several audiences', { aud: ['client-1', 'client-2'] }],
    ['other events beside', { events: { [logoutEvent]: {}, 'https://example.com/event': { a: 1 } } }],
    ['something in its event', { events: { [logoutEvent]: { reason: 'admin' } } }],
    ['dates within the tolerance', { iat: now + 29, exp: now - 29 }],
    ['a nbf that is past', { nbf: now }],
    ['claims that we do not know', { trace_id: 'x', auth_time: 'yesterday' }],
  ])('may have %s', async (_what, changes) => {
    expect(await verdict(changes)).toBe('accepted')
  })

  test('BC03: may be signed with HS256 and the client secret, where that is registered', async () => {
    const clientSecret = 'a client secret of at least 32 bytes'
    const header = { alg: 'HS256', kid: undefined }
    const client = { idTokenSigningAlg: 'HS256', clientSecret }
    expect(await verdict({}, { header, key: Buffer.from(clientSecret), client })).toBe('accepted')
    expect(await verdict({}, { header, key: Buffer.from(`${clientSecret}!`), client })).toBe('token_signature_invalid')
    // Whoever else may read it knows that secret too.
    const several = await verdict({ aud: ['client-1', 'client-2'] }, { header, key: Buffer.from(clientSecret), client })
    expect(several).toBe('token_audience_mismatch')
  })

  test('may be signed by any algorithm that is allowed for ID Tokens', async () => {
    const client = { idTokenSigningAlg: ['ES256', 'PS256'] }
    const ps256 = { header: { alg: 'PS256' } }
    expect(await verdict({}, { ...ps256, client })).toBe('accepted')
    expect(await verdict({}, { client })).toBe('token_algorithm_refused')
  })

  test('is decrypted where ID Tokens are (OpenID Connect Back-Channel Logout 1.0 section 2.6)', async () => {
    const op = new FakeProvider()
    const tokens = tokensOf(op, { decryptionKeys: [keysByKind.rsa.pem], encryptedResponses: ['id_token'] })
    expect(await tokens.validate(await encrypted(await mint(claimsOf(op)), keysByKind.rsa))).toMatchObject({
      sid: 'sid-1',
    })
    const wrong = await encrypted(await mint(claimsOf(op, { events: {} })), keysByKind.rsa)
    expect(await failureOf(tokens.validate(wrong))).toMatchObject({ code: 'token_type_refused' })
    const long = await encrypted(await mint(claimsOf(op, { x: 'x'.repeat(9000) })), keysByKind.rsa)
    expect(await failureOf(tokens.validate(long))).toMatchObject({ code: 'token_malformed' })
  })

  test.each([
    [{ exp: now - 59 }, 'accepted'],
    [{ exp: now - 61 }, 'token_expired'],
    [{ iat: now + 61 }, 'token_not_yet_valid'],
    [{ iat: now - 361 }, 'token_expired'],
  ])('gets a tolerance of a minute at most, whatever ID Tokens get: %j', async (changes, code) => {
    const op = new FakeProvider()
    const tokens = tokensOf({ ...op, settings: { ...op.settings, clockToleranceSeconds: 300 } })
    const outcome = tokens.validate(await mint(claimsOf(op, changes))).then(
      () => 'accepted',
      (error) => error.code,
    )
    expect(await outcome).toBe(code)
  })

  test('may be signed with a key that was published a moment ago', async () => {
    const op = new FakeProvider()
    const tokens = tokensOf(op)
    await tokens.validate(await mint(claimsOf(op)))
    op.jwks(otherRsaKey.jwk)
    const token = await mint(claimsOf(op, { jti: '2' }), otherRsaKey.privateKey, { alg: 'RS256', kid: 'rsa-2' })
    expect(await tokens.validate(token)).toMatchObject({ jti: '2' })
    expect(op.count('/jwks')).toBe(2)
  })
})

describe('refused as a logout token is', () => {
  test.each<[string, string, Claims]>([
    ['BC05: another iss', 'token_issuer_mismatch', { iss: 'https://issuer.example/' }],
    ['BC05: no iss', 'token_claim_missing', { iss: undefined }],
    ['BC05: another aud', 'token_audience_mismatch', { aud: 'client-2' }],
    ['BC05: aud as a list without this client', 'token_audience_mismatch', { aud: ['client-2'] }],
    ['BC05: aud as a list with more than texts', 'token_audience_mismatch', { aud: ['client-1', 1] }],
    ['BC05: no aud', 'token_claim_missing', { aud: undefined }],
    ['BC06: no iat', 'token_claim_missing', { iat: undefined }],
    ['BC06: iat as text', 'token_claim_invalid', { iat: String(now) }],
    ['BC06: iat in milliseconds', 'token_claim_invalid', { iat: now * 1000 }],
    ['BC06: iat in the future', 'token_not_yet_valid', { iat: now + 31 }],
    ['BC06: iat of over five minutes ago', 'token_expired', { iat: now - 331 }],
    ['BC06: no exp', 'token_claim_missing', { exp: undefined }],
    ['BC06: exp as text', 'token_claim_invalid', { exp: String(now + 60) }],
    ['BC06: exp in the past', 'token_expired', { exp: now - 31 }],
    ['nbf in the future', 'token_not_yet_valid', { nbf: now + 31 }],
    ['BC07: neither sub nor sid', 'token_claim_missing', { sub: undefined, sid: undefined }],
    ['BC07: an empty sub', 'token_claim_invalid', { sub: '', sid: undefined }],
    ['BC07: an empty sub beside a sid', 'token_claim_invalid', { sub: '' }],
    ['BC07: sub as a number', 'token_claim_invalid', { sub: 1 }],
    ['BC07: sub as null', 'token_claim_invalid', { sub: null }],
    ['BC07: a sub of 256 characters', 'token_claim_invalid', { sub: 'a'.repeat(256) }],
    ['BC07: an empty sid', 'token_claim_invalid', { sid: '' }],
    ['BC07: sid as a list', 'token_claim_invalid', { sid: ['a'] }],
    ['BC07: a sid of 1025 characters', 'token_claim_invalid', { sid: 'a'.repeat(1025) }],
    ['BC08: no events', 'token_claim_missing', { events: undefined }],
    ['BC08: events without the logout event', 'token_type_refused', { events: { 'https://example.com/event': {} } }],
    ['BC08: events that are empty', 'token_type_refused', { events: {} }],
    ['BC08: events as a list', 'token_type_refused', { events: [logoutEvent] }],
    ['BC08: events as text', 'token_type_refused', { events: logoutEvent }],
    ['BC08: a logout event that is text', 'token_type_refused', { events: { [logoutEvent]: 'x' } }],
    ['BC08: a logout event that is null', 'token_type_refused', { events: { [logoutEvent]: null } }],
    ['BC08: a logout event that is a list', 'token_type_refused', { events: { [logoutEvent]: [] } }],
    ['a nonce, as ID Tokens have', 'token_type_refused', { nonce: 'nonce-1' }],
    ['a nonce that is null', 'token_type_refused', { nonce: null }],
    ['BC10: no jti', 'token_claim_missing', { jti: undefined }],
    ['BC10: an empty jti', 'token_claim_invalid', { jti: '' }],
    ['BC10: jti as a number', 'token_claim_invalid', { jti: 7 }],
    ['BC10: a jti of 256 characters', 'token_claim_invalid', { jti: 'a'.repeat(256) }],
  ])('%s', async (_what, code, changes) => {
    expect(await verdict(changes)).toBe(code)
  })

  test('an ID Token of the same client', async () => {
    const op = new FakeProvider()
    expect(await failureOf(tokensOf(op).validate(await mint(op.claims())))).toMatchObject({
      code: 'token_claim_missing',
    })
  })

  test.each(['at+jwt', 'dpop+jwt', 'secevent+jwt', 'JOSE', ''])('one with the typ %p', async (typ) => {
    expect(await verdict({}, { header: { typ } })).toBe('token_type_refused')
  })

  test('BC03: one that another key has signed, or whose claims were changed', async () => {
    expect(await verdict({}, { key: otherRsaKey.privateKey })).toBe('token_signature_invalid')
    const op = new FakeProvider()
    const [header, , signature] = (await mint(claimsOf(op))).split('.')
    const payload = Buffer.from(JSON.stringify(claimsOf(op, { sub: 'bob' }))).toString('base64url')
    expect(await failureOf(tokensOf(op).validate(`${header}.${payload}.${signature}`))).toMatchObject({
      code: 'token_signature_invalid',
    })
  })

  test('BC03: one with an alg that is not registered, even if properly signed', async () => {
    const ps256 = { header: { alg: 'PS256' } }
    expect(await verdict({}, ps256)).toBe('token_algorithm_refused')
    expect(await verdict({}, { header: { alg: 'ES256', kid: 'ec-1' }, key: ecKey.privateKey })).toBe(
      'token_algorithm_refused',
    )
    expect(await verdict({}, { ...ps256, client: { idTokenSigningAlg: 'PS256' } })).toBe('accepted')
  })

  test.each(['none', 'None', 'NONE', 'nOnE'])('BC04: one with alg %p', async (alg) => {
    const op = new FakeProvider()
    const encoded = [{ alg }, claimsOf(op)].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    expect(await failureOf(tokensOf(op).validate(`${encoded.join('.')}.`))).toMatchObject({
      code: 'token_algorithm_refused',
    })
  })

  test('BC02: an encrypted one without keys', async () => {
    const op = new FakeProvider()
    const token = await new CompactEncrypt(Buffer.from(await mint(claimsOf(op))))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
      .encrypt(rsaKey.publicKey)
    expect(await failureOf(tokensOf(op).validate(token))).toMatchObject({ code: 'token_decryption_failed' })
  })

  test('one that is not encrypted, where ID Tokens are', async () => {
    const op = new FakeProvider()
    const tokens = tokensOf(op, { decryptionKeys: [keysByKind.rsa.pem], encryptedResponses: ['id_token'] })
    expect(await failureOf(tokens.validate(await mint(claimsOf(op))))).toMatchObject({ code: 'token_not_encrypted' })
    expect(op.seen).toHaveLength(0)
  })

  test('BC16: garbage, for which no key is fetched and no signature verified', async () => {
    const op = new FakeProvider()
    const good = await mint(claimsOf(op))
    const [header, payload, signature] = good.split('.')
    const head = (members: object) => Buffer.from(JSON.stringify({ alg: 'RS256', ...members })).toString('base64url')
    const garbage = [
      '',
      'x',
      '..',
      'a.b.c',
      `${good}.`,
      `${good}=`,
      ` ${good}`,
      `${header}.${payload}`,
      `${header}.e30=.${signature}`,
      `${header}.W10.${signature}`,
      `${head({ crit: ['exp'] })}.${payload}.${signature}`,
      `${head({ typ: 'at+jwt' })}.${payload}.${signature}`,
      `${head({ alg: 'HS256' })}.${payload}.${signature}`,
      `${header}.${payload}.${'A'.repeat(8_192)}`,
    ]
    const tokens = tokensOf(op)
    for (const text of garbage) expect(await failureOf(tokens.validate(text))).toMatchObject({ status: 502 })
    expect(op.seen).toEqual([])
    expect(await tokens.validate(good)).toMatchObject({ jti: 'jti-1' })
  })
})

test('an outage of the keys of a logout token is reported as one', async () => {
  const op = new FakeProvider()
  op.answers['/jwks'] = () => Promise.reject(new TypeError('fetch failed'))
  expect(await failureOf(tokensOf(op).validate(await mint(claimsOf(op))))).toMatchObject({
    name: 'ProviderError',
    status: 503,
  })
})

describe('unknown keys of logout tokens', () => {
  const invented = async (op: FakeProvider, kid: string, changes: Claims = {}) =>
    mint(claimsOf(op, changes), rsaKey.privateKey, { alg: 'RS256', kid })

  test.each<[string, Claims, string]>([
    ['of another issuer', { iss: 'https://evil.example' }, 'token_issuer_mismatch'],
    ['for another client', { aud: 'client-2' }, 'token_audience_mismatch'],
    ['that is past', { exp: 5 }, 'token_expired'],
    ['without event', { events: undefined }, 'token_claim_missing'],
  ])('are not fetched because of a token %s', async (_what, changes, code) => {
    const op = new FakeProvider()
    const tokens = tokensOf(op)
    for (let i = 0; i < 10; i++) {
      expect(await failureOf(tokens.validate(await invented(op, `x${i}`, changes)))).toMatchObject({ code })
    }
    expect(op.seen).toEqual([])
  })

  test('are fetched a few times; after that the provider is told to come back', async () => {
    const op = new FakeProvider()
    const tokens = tokensOf(op)
    await tokens.validate(await invented(op, 'rsa-1'))
    for (let i = 0; i < 3; i++) {
      expect(await failureOf(tokens.validate(await invented(op, `x${i}`)))).toMatchObject({
        code: 'token_key_not_found',
      })
    }
    expect(await failureOf(tokens.validate(await invented(op, 'x3')))).toMatchObject({
      code: 'provider_keys_throttled',
      status: 503,
      headers: { 'Retry-After': '30' },
    })
    await expect(tokens.validate(await invented(op, 'rsa-1'))).resolves.toBeDefined()
  })
})
