import { describe, expect, test } from '@jest/globals'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { createClientAuthentication } from '../../../lib/provider/authentication/client-authentication.js'
import type { ClientSettings } from '../../../lib/provider/types.js'
import { failureOf } from '../../kit/failure.js'
import { rsaKey, signingKey } from '../../kit/provider/keys.js'
import { Clock } from '../../kit/clock.js'
import { keyPair } from '../../kit/key-pair.js'

const clock = new Clock()
const pem = (alg: string) => signingKey(alg).privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

async function authenticated(client: Partial<ClientSettings>, metadata: Record<string, unknown> = {}) {
  const authenticate = createClientAuthentication(
    { clientId: 'client-1', idTokenSigningAlg: 'RS256', ...client },
    clock,
  )
  const body = new URLSearchParams()
  const headers = new Headers()
  await authenticate({ issuer: 'https://issuer.example', ...metadata }, { client_id: 'client-1' }, body, headers)
  return { body: Object.fromEntries(body), authorization: headers.get('authorization') }
}

const supported = (...methods: string[]) => ({ token_endpoint_auth_methods_supported: methods })
const decoded = (authorization: string | null) =>
  Buffer.from((authorization ?? '').replace('Basic ', ''), 'base64').toString()

describe('the client authentication method', () => {
  const basic = /^Basic /
  const clientSecret = 'secret'
  const clientAssertionKey = pem('ES256')

  test('is client_secret_basic for a secret, unless the provider accepts it in the body only', async () => {
    expect((await authenticated({ clientSecret })).authorization).toMatch(basic)
    const both = supported('client_secret_post', 'client_secret_basic')
    expect((await authenticated({ clientSecret }, both)).authorization).toMatch(basic)
    expect(await authenticated({ clientSecret }, supported('client_secret_post'))).toEqual({
      body: { client_id: 'client-1', client_secret: 'secret' },
      authorization: null,
    })
    expect((await authenticated({ clientSecret }, supported('tls_client_auth'))).authorization).toMatch(basic)
  })

  test('is private_key_jwt for a key rather than a secret, where the provider knows it', async () => {
    expect((await authenticated({ clientAssertionKey })).body).toHaveProperty('client_assertion')
    const odd = supported('client_secret_basic')
    expect((await authenticated({ clientAssertionKey }, odd)).body).toHaveProperty('client_assertion')
    expect((await authenticated({ clientAssertionKey, clientSecret })).body).toHaveProperty('client_assertion')
    expect((await authenticated({ clientAssertionKey, clientSecret }, odd)).authorization).toMatch(basic)
  })

  test('is none without credentials: only the client_id is sent', async () => {
    expect(await authenticated({})).toEqual({ body: { client_id: 'client-1' }, authorization: null })
  })

  test('is the configured one, whatever the metadata say', async () => {
    const posted = { clientSecret, clientAuthentication: 'client_secret_post' } as const
    expect((await authenticated(posted, supported('client_secret_basic'))).body).toHaveProperty('client_secret')
    const none = { clientSecret, clientAuthentication: 'none' } as const
    expect(await authenticated(none)).toEqual({ body: { client_id: 'client-1' }, authorization: null })
  })

  test.each(['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt'] as const)(
    '%s without its credential is refused at construction',
    async (clientAuthentication) => {
      expect(await failureOf(authenticated({ clientAuthentication }))).toMatchObject({ code: 'invalid_options' })
    },
  )
})

describe('client_secret_jwt', () => {
  test('signs an assertion with the secret, and does not send the secret', async () => {
    const clientSecret = 'a shared secret of 32 characters'
    const { body, authorization } = await authenticated({ clientSecret, clientAuthentication: 'client_secret_jwt' })
    expect([authorization, body['client_secret']]).toEqual([null, undefined])
    const { payload } = await jwtVerify(body['client_assertion'] ?? '', Buffer.from(clientSecret))
    expect(payload).toMatchObject({ iss: 'client-1', sub: 'client-1' })
  })
})

test.each(['tls_client_auth', 'self_signed_tls_client_auth'] as const)(
  '%s sends the client_id only, since the connection authenticates',
  async (clientAuthentication) => {
    const answer = await authenticated({ clientSecret: 'secret', clientAuthentication })
    expect(answer).toEqual({ body: { client_id: 'client-1' }, authorization: null })
  },
)

describe('client_secret_basic', () => {
  test.each([
    ['GOCSPX-a_b.c', 'client-1:GOCSPX-a_b.c'],
    ['a b', 'client-1:a+b'],
    ['a+b', 'client-1:a%2Bb'],
    ['a%b', 'client-1:a%25b'],
    ['a:b', 'client-1:a%3Ab'],
    ['a&b=c;d', 'client-1:a%26b%3Dc%3Bd'],
    ['a~b!*', 'client-1:a%7Eb%21*'],
    ['ä€', 'client-1:%C3%A4%E2%82%AC'],
  ])('RF12: form-encodes the secret %p, and leaves - _ and .', async (clientSecret, expected) => {
    expect(decoded((await authenticated({ clientSecret })).authorization)).toBe(expected)
  })

  test('RF12: form-encodes the client_id too', async () => {
    const clientId = 'https://app.example/a b:c'
    const { authorization } = await authenticated({ clientId, clientSecret: 's' })
    expect(decoded(authorization)).toBe('https%3A%2F%2Fapp.example%2Fa+b%3Ac:s')
  })
})

describe('private_key_jwt', () => {
  test.each([
    ['RS256', 'RS256', undefined],
    ['RS256', 'PS256', 'PS256'],
    ['ES256', 'ES256', undefined],
    ['ES384', 'ES384', undefined],
    ['ES512', 'ES512', undefined],
    ['Ed25519', 'EdDSA', undefined],
    ['Ed25519', 'Ed25519', 'Ed25519'],
  ])('CC03: signs an assertion by a key for %s with %s', async (kind, alg, clientAssertionAlg) => {
    const key = signingKey(kind)
    const clientAssertionKey = key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const client = { clientAssertionKey, ...(clientAssertionAlg === undefined ? {} : { clientAssertionAlg }) }
    const { body, authorization } = await authenticated(client)
    expect(authorization).toBeNull()
    expect(body).toMatchObject({
      client_id: 'client-1',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    })
    const { payload, protectedHeader } = await jwtVerify(body['client_assertion'] ?? '', key.publicKey, {
      currentDate: new Date(clock.now()),
    })
    expect(protectedHeader).toEqual({ alg, typ: 'JWT' })
    const iat = Math.floor(clock.now() / 1000)
    expect(payload).toEqual({
      iss: 'client-1',
      sub: 'client-1',
      aud: 'https://issuer.example',
      jti: expect.stringMatching(/^[\w-]{43}$/),
      iat,
      exp: iat + 60,
    })
  })

  test('CC03: has a new jti at every attempt', async () => {
    const authenticate = createClientAuthentication({ clientId: 'c', clientAssertionKey: pem('ES256') }, clock)
    const assertions = new Set<string | null>()
    for (let i = 0; i < 3; i++) {
      const body = new URLSearchParams()
      await authenticate({ issuer: 'https://issuer.example' }, { client_id: 'c' }, body, new Headers())
      assertions.add(body.get('client_assertion'))
    }
    expect(assertions.size).toBe(3)
  })

  test('uses the kid and the alg of a JWK', async () => {
    const clientAssertionKey = { ...rsaKey.privateKey.export({ format: 'jwk' }), kid: 'k', alg: 'PS384' }
    const { body } = await authenticated({ clientAssertionKey })
    expect(decodeProtectedHeader(body['client_assertion'] ?? '')).toEqual({ alg: 'PS384', typ: 'JWT', kid: 'k' })
  })

  test.each<[string, Partial<ClientSettings>]>([
    ['no key', { clientAssertionKey: 'top-secret' }],
    ['a public key', { clientAssertionKey: rsaKey.publicKey.export({ type: 'spki', format: 'pem' }) as string }],
    ['a public JWK', { clientAssertionKey: rsaKey.jwk }],
    ['an alg of another kind', { clientAssertionKey: pem('ES256'), clientAssertionAlg: 'RS256' }],
    ['an alg of another curve', { clientAssertionKey: pem('ES256'), clientAssertionAlg: 'ES384' }],
    ['none', { clientAssertionKey: pem('ES256'), clientAssertionAlg: 'none' }],
    ['HS256', { clientAssertionKey: pem('ES256'), clientAssertionAlg: 'HS256' }],
    ['a curve that JOSE has no algorithm for', { clientAssertionKey: pem('ES256K') }],
    ['a key that does not sign', { clientAssertionKey: x25519() }],
    ['1024 bits', { clientAssertionKey: weakRsa() }],
  ])('refuses %s at construction, without quoting it', async (_what, client) => {
    const error = await failureOf(authenticated(client))
    expect(error).toMatchObject({ code: 'invalid_options' })
    expect(`${error.message}${error.cause}`).not.toContain('top-secret')
  })
})

function x25519(): string {
  return keyPair('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

function weakRsa(): string {
  return keyPair('rsa', { modulusLength: 1024 }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }) as string
}
