import { afterEach, describe, expect, test } from '@jest/globals'
import { createRemoteJWKSet, decodeProtectedHeader } from 'jose'
import { oidc } from '../../../lib/index.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { hosts } from '../../hosts/hosts.js'
import { failureOf } from '../../kit/failure.js'
import { signingKey } from '../../kit/provider/keys.js'
import { startWorld, type World } from '../../kit/world/world.js'

const current = { privateKey: signingKey('ES256').privateKey, kid: 'current' }
const next = { privateKey: signingKey('PS256').privateKey, kid: 'next', alg: 'PS256' }
const old = { privateKey: signingKey('ES256').privateKey, kid: 'old' }
const clientKeys = { current, next, old }
const routes = { jwks: '/jwks.json' }

let world: World
afterEach(() => world?.close())

const start = (options: Parameters<typeof startWorld>[0] = {}) =>
  startWorld({ ...options, oidc: { clientKeys, routes, clientAuthentication: 'client_secret_basic', ...options.oidc } })

describe.each(hosts)('routes.jwks on $name', (host) => {
  test('publishes the public halves of all keys, without cookies', async () => {
    world = await start({ host })
    const response = await fetch(world.url('/jwks.json'))
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/jwk-set+json'])
    expect(response.headers.get('cache-control')).toBe('public, max-age=300')
    expect(response.headers.getSetCookie()).toEqual([])
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] }
    expect(keys.map(({ kid, alg, use }) => [kid, alg, use])).toEqual([
      ['current', 'ES256', 'sig'],
      ['next', 'PS256', 'sig'],
      ['old', 'ES256', 'sig'],
    ])
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(keys.flatMap(Object.keys)).not.toContain(member)
  })

  test('answers HEAD, and other methods with 405', async () => {
    world = await start({ host })
    const head = await fetch(world.url('/jwks.json'), { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const post = await fetch(world.url('/jwks.json'), { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect(await post.json()).toMatchObject({ code: 'method_not_allowed' })
  })
})

describe('routes.jwks', () => {
  test('is where a provider finds the key that signs the client assertion of a login', async () => {
    world = await startWorld({
      oidc: { clientKeys, routes, clientSecret: undefined },
      client: (baseUrl) => ({
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks_uri: `${baseUrl}/jwks.json`,
      }),
    })
    await world.signIn()
    expect(await world.me()).toMatchObject({ user: { sub: 'alice' } })
  })

  test('is below the path of the base URL', async () => {
    world = await start({ below: '/app' })
    expect((await fetch(world.url('/app/jwks.json'))).status).toBe(200)
    expect((await fetch(world.url('/jwks.json'))).status).not.toBe(200)
  })

  test('publishes keys for encryption too, but no secrets', async () => {
    const enc = { ...signingKey('ES256').privateKey.export({ format: 'jwk' }), alg: 'ECDH-ES', kid: 'enc' }
    const secret = { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') }
    world = await start({ oidc: { decryptionKeys: [enc, secret] } })
    const { keys } = (await (await fetch(world.url('/jwks.json'))).json()) as { keys: Record<string, unknown>[] }
    expect(keys.map(({ kid, use }) => [kid, use])).toContainEqual(['enc', 'enc'])
    expect(keys).toHaveLength(4)
    expect(JSON.stringify(keys)).not.toContain(secret.k)
    const find = createRemoteJWKSet(new URL(world.url('/jwks.json')))
    expect(await find({ ...decodeProtectedHeader(`${btoa('{"alg":"ES256","kid":"current"}')}..`) })).toBeDefined()
  })

  test("is off by default: the path is the application's", async () => {
    world = await start({ oidc: { routes: {} } })
    expect((await fetch(world.url('/jwks.json'))).status).toBe(404)
  })

  const application = {
    issuer: 'https://id.example.com',
    clientId: 'web',
    baseUrl: 'https://app.example.com',
    secret: 'a secret for tests only, 32 characters at least',
    routes,
  }

  test('needs keys to publish', async () => {
    const failure = await failureOf(() => oidc(application))
    expect(failure.message).toContain('must give "clientKeys" or "decryptionKeys" for "routes.jwks"')
    expect(parseOidcOptions({ ...application, clientKeys }).routes.jwks).toBe('/jwks.json')
  })

  test('publishes the keys of all listed providers, each once', () => {
    const { issuer, clientId, ...own } = application
    const provider = { issuer, clientId }
    const app = oidc({
      ...own,
      clientKeys: { current },
      providers: { a: provider, b: { ...provider, clientKeys: { current: next } } },
    })
    const sent: string[] = []
    const res = { setHeader: () => undefined, end: (body: string) => sent.push(body) }
    const req = { method: 'GET', url: '/jwks.json', headers: { host: 'app.example.com' }, socket: {} }
    app(req as never, res as never, (error) => {
      throw error
    })
    app.close()
    const { keys } = JSON.parse(sent[0] ?? '') as { keys: { kid: string }[] }
    expect(keys.map(({ kid }) => kid)).toEqual(['current', 'next'])
  })
})
