import { describe, expect, test } from '@jest/globals'
import { createProvider } from '../../lib/provider/provider.js'
import type { ClientSettings } from '../../lib/provider/types.js'
import { failureOf } from '../kit/failure.js'
import { json } from '../kit/provider/answers.js'
import { mint } from '../kit/provider/keys.js'
import { FakeProvider } from '../kit/provider/provider.js'
import { exchangeCode } from '../kit/provider/code-exchange.js'
import { encrypted, keysByKind, rsaPair } from '../kit/provider/encryption.js'

const { rsa } = keysByKind
const agreed: Partial<ClientSettings> = { decryptionKeys: [rsa.pem], encryptedResponses: ['id_token', 'userinfo'] }
const providerOf = (op: FakeProvider, client = agreed) => createProvider(op.settings, { ...op.client, ...client })

const login = {
  redirectUri: 'https://app.example/callback',
  response: new URLSearchParams({ code: 'code-1', state: 'state-1' }),
  state: 'state-1',
  nonce: 'nonce-1',
  codeVerifier: 'v'.repeat(43),
  scope: 'openid',
}
const signIn = (op: FakeProvider, client = agreed) => exchangeCode(providerOf(op, client), login)
const answerTokens = (op: FakeProvider, idToken: string) =>
  (op.answers['/token'] = () =>
    json({ access_token: 'access-1', token_type: 'Bearer', refresh_token: 'refresh-1', id_token: idToken }))

describe('an encrypted ID Token', () => {
  test('is accepted: the tokens hold the signed one inside, which a logout sends as id_token_hint', async () => {
    const op = new FakeProvider()
    const signed = await mint(op.claims())
    answerTokens(op, await encrypted(signed, rsa))
    const { idToken, idTokenClaims } = await signIn(op)
    expect(idToken).toBe(signed)
    expect(idTokenClaims).toMatchObject({ sub: 'user-1' })
  })

  test.each([
    ['iss', { iss: 'https://evil.example' }, 'token_issuer_mismatch'],
    ['aud', { aud: 'other' }, 'token_audience_mismatch'],
    ['nonce', { nonce: 'other' }, 'token_nonce_mismatch'],
    ['exp', { iat: 1, exp: 2 }, 'token_expired'],
  ])('is held against all rules for what is inside: %s', async (_claim, changes, code) => {
    const op = new FakeProvider()
    answerTokens(op, await encrypted(await mint(op.claims(changes)), rsa))
    expect(await failureOf(signIn(op))).toMatchObject({ code })
  })

  test('is refused if the token inside has an algorithm that is not accepted', async () => {
    const op = new FakeProvider()
    answerTokens(op, await encrypted(await mint(op.claims(), new Uint8Array(64), { alg: 'HS256' }), rsa))
    expect(await failureOf(signIn(op))).toMatchObject({ code: 'token_algorithm_refused' })
  })

  test('is refused without keys, with the option and the setting to switch off at the client', async () => {
    const op = new FakeProvider()
    answerTokens(op, await encrypted(await mint(op.claims()), rsa))
    const error = await failureOf(signIn(op, {}))
    expect(error).toMatchObject({ code: 'token_decryption_failed', status: 502 })
    for (const part of ['encrypted', '"decryptionKeys"', 'id_token_encrypted_response_alg']) {
      expect(error.message).toContain(part)
    }
  })

  test('is required with keys: a token that is only signed is refused', async () => {
    const op = new FakeProvider()
    answerTokens(op, await mint(op.claims()))
    expect(await failureOf(signIn(op))).toMatchObject({ code: 'token_not_encrypted' })
    await expect(signIn(op, { ...agreed, encryptedResponses: ['userinfo'] })).resolves.toBeDefined()
  })

  test('is refused for another key without a request for keys, with the message of a changed one', async () => {
    const op = new FakeProvider()
    answerTokens(op, await encrypted(await mint(op.claims()), rsaPair()))
    const other = await failureOf(signIn(op))
    expect(op.count('/jwks')).toBe(0)
    answerTokens(op, `${(await encrypted(await mint(op.claims()), rsa)).slice(0, -4)}AAAA`)
    expect((await failureOf(signIn(op))).message).toBe(other.message)
  })
})

describe('the ID Token of a refresh', () => {
  const before = { iss: 'https://issuer.example', sub: 'user-1' }
  const refresh = (op: FakeProvider) =>
    providerOf(op).refresh({ refreshToken: 'refresh-0', scope: 'openid', idTokenClaims: before })

  test('is decrypted as that of a login', async () => {
    const op = new FakeProvider()
    const signed = await mint(op.claims({ nonce: undefined }))
    answerTokens(op, await encrypted(signed, rsa))
    expect(await refresh(op)).toMatchObject({ idToken: signed, idTokenClaims: { sub: 'user-1' } })
  })

  test('is validated later without being decrypted again', async () => {
    const op = new FakeProvider()
    const signed = await mint(op.claims({ nonce: undefined }))
    answerTokens(op, await encrypted(signed, rsa))
    op.answers['/jwks'] = () => json({}, 503)
    const provider = providerOf(op)
    const tokens = await provider.refresh({ refreshToken: 'refresh-0', scope: 'openid', idTokenClaims: before })
    expect(tokens).toMatchObject({ unverifiedIdToken: signed })
    op.answers['/jwks'] = new FakeProvider().answers['/jwks'] ?? json({})
    op.clock.advance(61)
    expect(await provider.checkRefreshedIdToken({ idToken: signed, accessToken: 'access-1', before })).toMatchObject({
      idToken: signed,
    })
  })

  test('makes the refresh fail if it is not encrypted or cannot be decrypted', async () => {
    const op = new FakeProvider()
    answerTokens(op, await mint(op.claims()))
    expect(await failureOf(refresh(op))).toMatchObject({ name: 'TokenValidationError', code: 'token_not_encrypted' })
    answerTokens(op, await encrypted(await mint(op.claims()), rsaPair()))
    expect(await failureOf(refresh(op))).toMatchObject({ code: 'token_decryption_failed' })
  })
})

describe('an encrypted UserInfo response', () => {
  const userinfo = (op: FakeProvider, client = agreed) => providerOf(op, client).userinfo('access-1', 'user-1')
  const answer = (op: FakeProvider, body: string) =>
    (op.answers['/userinfo'] = () => new Response(body, { headers: { 'content-type': 'application/jwt' } }))

  test('is requested and accepted', async () => {
    const op = new FakeProvider()
    answer(op, await encrypted(await mint(op.claims({ name: 'Ada' })), rsa))
    expect(await userinfo(op)).toMatchObject({ sub: 'user-1', name: 'Ada' })
    expect(op.seen.find(({ url }) => url.pathname === '/userinfo')?.headers.get('accept')).toBe('application/jwt')
  })

  test.each([
    ['for another audience', { aud: 'other' }, 'token_audience_mismatch'],
    ['about another person', { sub: 'user-2' }, 'subject_mismatch'],
  ])('%s inside is refused', async (_what, changes, code) => {
    const op = new FakeProvider()
    answer(op, await encrypted(await mint(op.claims(changes)), rsa))
    expect(await failureOf(userinfo(op))).toMatchObject({ code })
  })

  test('is required: a signed response and JSON are refused', async () => {
    const op = new FakeProvider()
    answer(op, await mint(op.claims()))
    expect(await failureOf(userinfo(op))).toMatchObject({ code: 'token_not_encrypted' })
    op.answers['/userinfo'] = () => json({ sub: 'user-1' })
    const error = await failureOf(userinfo(op))
    expect([error.code, error.message]).toEqual([
      'provider_response_invalid',
      expect.stringContaining('is not encrypted'),
    ])
  })

  test('is refused if its claims are not signed', async () => {
    const op = new FakeProvider()
    answer(op, await encrypted(JSON.stringify({ sub: 'user-1' }), rsa))
    expect((await failureOf(userinfo(op))).message).toContain('what is inside is not a signed token')
  })

  test('is refused without keys, with the setting to switch off', async () => {
    const op = new FakeProvider()
    answer(op, await encrypted(await mint(op.claims()), rsa))
    expect((await failureOf(userinfo(op, {}))).message).toContain('switch userinfo_encrypted_response_alg off')
  })
})

test('a key that cannot decrypt is reported at startup, with its place in the list', async () => {
  const error = await failureOf(() => providerOf(new FakeProvider(), { decryptionKeys: [rsa.pem, rsaPair(1024).pem] }))
  expect(error).toMatchObject({ name: 'ConfigurationError', code: 'invalid_options' })
  expect(error.message).toContain('"decryptionKeys[1]" must have at least 2048 bits')
})
