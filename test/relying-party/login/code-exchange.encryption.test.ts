import { afterEach, describe, expect, test } from '@jest/globals'
import { createPublicKey } from 'node:crypto'
import { hosts } from '../../hosts/hosts.js'
import { ecPair, type EncryptionKey, keysByKind } from '../../kit/provider/encryption.js'
import { answering } from '../../kit/world/applications.js'
import { LogoutWorld } from '../../kit/world/logout-world.js'

const { rsa } = keysByKind
let own: LogoutWorld
afterEach(() => own.close())

const layers = [
  answering('/userinfo', ({ oidc }) => oidc.userinfo()),
  answering('/token', ({ oidc }) => oidc.accessToken()),
]

const jwksUri = 'https://app.example.com/jwks'

/** Answers the provider's request for the application's keys: it refuses those of another realm, which a list of clients has. */
const withKeys =
  (key: EncryptionKey): typeof fetch =>
  async (url, init) =>
    String(url) === jwksUri
      ? Response.json({ keys: [{ ...createPublicKey(key.pem).export({ format: 'jwk' }), use: 'enc' }] })
      : fetch(url, init)

/** An application that a real provider encrypts ID Tokens, UserInfo responses and logout tokens for. */
const start = (key: EncryptionKey, alg: string, options: Parameters<typeof LogoutWorld.start>[0] = {}) => {
  const metadata = {
    jwks_uri: jwksUri,
    backchannel_logout_session_required: false,
    id_token_encrypted_response_alg: alg,
    id_token_encrypted_response_enc: 'A256GCM',
    userinfo_signed_response_alg: 'RS256',
    userinfo_encrypted_response_alg: alg,
    userinfo_encrypted_response_enc: 'A128CBC-HS256',
  }
  const features = { encryption: { enabled: true }, jwtUserinfo: { enabled: true } }
  const oidc = { decryptionKeys: [key.pem], encryptedResponses: ['id_token', 'userinfo'] as const, ...options.oidc }
  const provider = { accessTokenTtl: 60, overrides: { fetch: withKeys(key), features } }
  return LogoutWorld.start({ ...options, layers, provider, client: metadata as object, oidc })
}

describe('a real provider that encrypts', () => {
  test.each(hosts)('is used for a login, a refresh, UserInfo and a logout on $name', async (host) => {
    own = await start(rsa, 'RSA-OAEP-256', { host })
    const failures: unknown[] = []
    own.world.provider.provider.on('backchannel.error', (_ctx, error) => failures.push(error.message))
    const [laptop, phone] = [await own.signedIn(), await own.signedIn()]
    expect((await laptop.fetch(own.world.url('/userinfo'))).json()).toMatchObject({
      sub: 'alice',
      name: expect.any(String),
    })
    const first = (await laptop.fetch(own.world.url('/token'))).json()
    own.world.clock.advance(50)
    expect((await laptop.fetch(own.world.url('/token'))).json()).not.toEqual(first)
    expect((await laptop.fetch(own.world.url('/id-token'))).json()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
    const page = await laptop.navigate(own.world.url('/logout'), { site: 'same-origin', follow: true })
    expect([page.status, page.url, failures]).toEqual([200, own.world.url('/'), []])
    expect([await own.who(laptop), await own.who(phone)]).toEqual([null, null])
  })

  test('may encrypt for an elliptic-curve key', async () => {
    own = await start(ecPair('P-256'), 'ECDH-ES')
    expect(await own.who(await own.signedIn())).toBe('alice')
  })

  test('signs nobody in if the application has no key, and the error says what to do', async () => {
    own = await start(rsa, 'RSA-OAEP-256', { oidc: { decryptionKeys: undefined, encryptedResponses: undefined } })
    const page = await own.world.browser.navigate(own.world.url('/login'), {
      follow: true,
      headers: { accept: 'application/json' },
    })
    expect(page.status).toBe(502)
    expect(await own.who(own.world.browser)).toBeNull()
  })
})
