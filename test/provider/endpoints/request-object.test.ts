import { describe, expect, test } from '@jest/globals'
import { compactDecrypt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import { importClientKeys } from '../../../lib/provider/authentication/client-keys.js'
import { createProvider } from '../../../lib/provider/provider.js'
import type { AuthorizationRequest, ClientSettings } from '../../../lib/provider/types.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { failureOf } from '../../kit/failure.js'
import { json } from '../../kit/provider/answers.js'
import { rsaKey, signingKey } from '../../kit/provider/keys.js'
import { FakeProvider } from '../../kit/provider/provider.js'

const clientKeys = importClientKeys({ current: { privateKey: signingKey('ES256').privateKey, kid: 'current' } }, 5)
const signing: Partial<ClientSettings> = { clientKeys, requestObject: {} }

const request: AuthorizationRequest = {
  redirectUri: 'https://app.example/callback',
  scope: 'openid profile',
  state: 'state-1',
  nonce: 'nonce-1',
  codeVerifier: 'v'.repeat(43),
  parameters: {},
}

const providerOf = (op: FakeProvider, client: Partial<ClientSettings> = signing) =>
  createProvider(op.settings, { ...op.client, ...client })

async function urlOf(op: FakeProvider, changes: Partial<AuthorizationRequest> = {}, client = signing) {
  return new URL(await providerOf(op, client).authorizationUrl({ ...request, ...changes }))
}

async function signedIn(jws: string | null, op: FakeProvider) {
  return jwtVerify(jws ?? '', await importJWK({ ...clientKeys.published[0] }), {
    currentDate: new Date(op.clock.now()),
    typ: 'oauth-authz-req+jwt',
  })
}

describe('a signed request by value', () => {
  test('has every parameter inside, for this issuer only, for five minutes', async () => {
    const op = new FakeProvider()
    const url = await urlOf(op, { parameters: { prompt: 'login' } })
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request', 'response_type', 'scope'])
    const { payload, protectedHeader } = await signedIn(url.searchParams.get('request'), op)
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'oauth-authz-req+jwt', kid: 'current' })
    const now = Math.floor(op.clock.now() / 1000)
    expect(payload).toEqual({
      iss: 'client-1',
      aud: op.issuer,
      client_id: 'client-1',
      iat: now,
      nbf: now,
      exp: now + 300,
      jti: expect.stringMatching(/^[\w-]{43}$/),
      response_type: 'code',
      redirect_uri: request.redirectUri,
      scope: request.scope,
      state: 'state-1',
      nonce: 'nonce-1',
      code_challenge: expect.any(String),
      code_challenge_method: 'S256',
      prompt: 'login',
    })
  })

  test('has the types of numbers, objects and lists', async () => {
    const op = new FakeProvider()
    const parameters = {
      max_age: '60',
      claims: '{"id_token":{"acr":{"essential":true}}}',
      authorization_details: '[{"type":"payment"}]',
    }
    const url = await urlOf(op, { parameters, resource: ['https://a.example', 'https://b.example'] })
    const { payload } = await signedIn(url.searchParams.get('request'), op)
    expect(payload).toMatchObject({
      max_age: 60,
      claims: { id_token: { acr: { essential: true } } },
      authorization_details: [{ type: 'payment' }],
      resource: ['https://a.example', 'https://b.example'],
    })
  })

  test('is for the token endpoint where the issuer is a template, which is the name of no server', async () => {
    const op = new FakeProvider({ issuer: 'https://login.example' })
    const issuer = 'https://login.example/{tenantid}/v2.0'
    op.answers['/metadata'] = () => json({ ...op.metadata, issuer })
    const settings = { ...op.settings, issuer, tenants: ['ours'], discoveryUrl: 'https://login.example/metadata' }
    const url = new URL(await createProvider(settings, { ...op.client, ...signing }).authorizationUrl(request))
    const { payload } = await signedIn(url.searchParams.get('request'), op)
    expect(payload.aud).toBe('https://login.example/token')
  })

  test('cannot be given another issuer, audience or lifetime by parameters', async () => {
    const op = new FakeProvider()
    const url = await urlOf(op, { parameters: { iss: 'x', aud: 'x', exp: '9999999999', jti: 'x' } })
    const { payload } = await signedIn(url.searchParams.get('request'), op)
    expect(payload).toMatchObject({ iss: 'client-1', aud: op.issuer, exp: Math.floor(op.clock.now() / 1000) + 300 })
    expect(payload.jti).not.toBe('x')
  })
})

describe('a signed request within a pushed one', () => {
  test('is the only parameter beside those that authenticate the client', async () => {
    const op = new FakeProvider()
    op.answers['/par'] = () => json({ request_uri: 'urn:ietf:params:oauth:request_uri:1', expires_in: 60 }, 201)
    const url = await urlOf(op, {}, { ...signing, pushedAuthorizationRequests: true })
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'client-1',
      request_uri: 'urn:ietf:params:oauth:request_uri:1',
    })
    const pushed = op.seen.find(({ url: { pathname } }) => pathname === '/par')?.body ?? new URLSearchParams()
    expect([...pushed.keys()].sort()).toEqual(['client_assertion', 'client_assertion_type', 'client_id', 'request'])
    expect((await signedIn(pushed.get('request'), op)).payload).toMatchObject({ state: 'state-1' })
  })
})

describe('the metadata of the provider', () => {
  test('switch signing on by require_signed_request_object', async () => {
    const op = new FakeProvider()
    op.metadata['require_signed_request_object'] = true
    const url = await urlOf(op, {}, { clientKeys })
    expect(url.searchParams.has('request')).toBe(true)
    expect(await failureOf(urlOf(op, {}, {}))).toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('give "clientKeys"'),
    })
  })

  test('that lists other algorithms is a mistake of the set-up, before anybody is sent there', async () => {
    const op = new FakeProvider()
    op.metadata['request_object_signing_alg_values_supported'] = ['PS256']
    expect(await failureOf(urlOf(op))).toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('does not accept requests signed with ES256'),
    })
  })

  test('leave requests unsigned that need not be signed', async () => {
    expect((await urlOf(new FakeProvider(), {}, { clientKeys })).searchParams.has('request')).toBe(false)
  })
})

describe('a key that does not sign', () => {
  test('is an outage that begins no login', async () => {
    const current = { sign: () => Promise.reject(new Error('down')), alg: 'ES256', publicKey: signingKey().publicKey }
    const failing = importClientKeys({ current }, 5)
    expect(await failureOf(urlOf(new FakeProvider(), {}, { ...signing, clientKeys: failing }))).toMatchObject({
      code: 'provider_unavailable',
      status: 503,
    })
  })
})

describe('an encrypted request', () => {
  const rsa = signingKey('RS256', { kid: 'rsa-enc', use: 'enc' })
  const ec = signingKey('ES256', { kid: 'ec-enc', use: 'enc', alg: 'ECDH-ES+A256KW' })

  test.each([
    ['the first key of the provider for encryption', [rsa, ec], {}, rsa, 'RSA-OAEP-256', 'A128CBC-HS256'],
    ['the algorithm of the key', [ec, rsa], {}, ec, 'ECDH-ES+A256KW', 'A128CBC-HS256'],
    ['the configured algorithms', [ec, rsa], { alg: 'RSA-OAEP-256', enc: 'A256GCM' }, rsa, 'RSA-OAEP-256', 'A256GCM'],
  ] as const)('is for %s, and signed inside', async (_what, keys, encryption, key, alg, enc) => {
    const op = new FakeProvider({ keys: [rsaKey, ...keys] })
    const url = await urlOf(op, {}, { ...signing, requestObject: { encryption } })
    const jwe = url.searchParams.get('request') ?? ''
    expect(decodeProtectedHeader(jwe)).toMatchObject({ alg, enc, cty: 'JWT', kid: key.jwk['kid' as keyof object] })
    const { plaintext } = await compactDecrypt(jwe, key.privateKey)
    expect((await signedIn(Buffer.from(plaintext).toString(), op)).payload).toMatchObject({ state: 'state-1' })
  })

  test.each([
    ['none', [rsaKey], {}],
    ['none for the algorithm', [rsaKey, rsa], { alg: 'ECDH-ES' }],
  ] as const)('is refused where the provider publishes %s', async (_what, keys, encryption) => {
    const op = new FakeProvider({ keys })
    const failure = await failureOf(urlOf(op, {}, { ...signing, requestObject: { encryption } }))
    expect(failure).toMatchObject({ code: 'provider_keys_invalid' })
    expect(failure.message).toContain('publishes no key for encryption')
  })
})

describe('the option requestObject', () => {
  const web = {
    issuer: 'https://issuer.example',
    clientId: 'web',
    baseUrl: 'https://app.example.com',
    secret: 'a secret for tests only, 32 characters at least',
  }
  const keys = { current: { privateKey: signingKey().privateKey } }

  test('is true, or an object', () => {
    expect(parseOidcOptions({ ...web, clientKeys: keys, requestObject: true }).requestObject).toEqual({})
    const encryption = { alg: 'ECDH-ES' }
    expect(parseOidcOptions({ ...web, clientKeys: keys, requestObject: { encryption } }).requestObject).toEqual({
      encryption,
    })
  })

  test.each([
    ['without clientKeys', { requestObject: true }, 'must give "clientKeys" for "requestObject"'],
    ['false', { clientKeys: keys, requestObject: false }, 'must be true or an object'],
    [
      'of the old RSA encryption',
      { clientKeys: keys, requestObject: { encryption: { alg: 'RSA1_5' } } },
      'must be one of',
    ],
    ['mistyped', { clientKeys: keys, requestObject: { encrypt: true } }, 'known are encryption'],
  ])('%s is refused', async (_flaw, options, message) => {
    expect((await failureOf(() => parseOidcOptions({ ...web, ...options }))).message).toContain(message)
  })
})
