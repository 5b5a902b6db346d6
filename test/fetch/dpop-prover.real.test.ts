import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { type OidcOptions, clientCredentials, oidc } from '../../lib/index.js'
import { systemRuntime } from '../../lib/base/runtime.js'
import { createDpopProver } from '../../lib/fetch/dpop-prover.js'
import { Browser } from '../hosts/client.js'
import { type Host, hosts } from '../hosts/hosts.js'
import { answering } from '../kit/world/applications.js'
import { failureOf } from '../kit/failure.js'
import { signingKey } from '../kit/provider/keys.js'
import { type Proof, holderKey, holderPem, proofOf } from '../kit/provider/proofs.js'
import { startRealProvider, webClient } from '../provider-real/provider.js'
import { type BoundApi, resource, startBoundApi, strictProvider } from '../kit/world/bound.js'
import { type World, type WorldOptions, secret, startWorld } from '../kit/world/world.js'

let api: BoundApi
let world: World
let sent: { readonly url: URL; readonly headers: Headers; readonly body: URLSearchParams }[]
const browser = () => world.browser

beforeEach(async () => {
  api = await startBoundApi()
  sent = []
})
afterEach(async () => {
  await Promise.all([world.close(), api.close()])
})

const watched: typeof fetch = async (input, init) => {
  const body = init?.body instanceof URLSearchParams ? init.body : new URLSearchParams()
  sent.push({ url: new URL(String(input)), headers: new Headers(init?.headers), body })
  return fetch(input, init)
}

const layers = [
  answering('/call', async ({ oidc: handle }) => {
    const answer = await handle.fetch(`${api.origin}/api/orders?status=open`)
    return { status: answer.status, ...((await answer.json().catch(() => ({}))) as object) }
  }),
  answering('/token', async ({ oidc: handle }) => ({ token: await handle.accessToken() })),
  answering('/userinfo', ({ oidc: handle }) => handle.userinfo()),
]

/** Starts an application with bound tokens for the API, and signs alice in. */
async function signedIn(given: Partial<OidcOptions> = {}, options: Partial<WorldOptions> = {}): Promise<void> {
  world = await startWorld({
    provider: strictProvider,
    client: { dpop_bound_access_tokens: true },
    ...options,
    oidc: {
      dpop: { privateKey: holderPem },
      scope: 'openid offline_access orders:read',
      authorizationParams: { resource },
      allowedOrigins: [api.origin],
      fetch: watched,
      ...given,
    },
    layers,
  })
  api.protect(world.provider.issuer)
  await world.signIn()
}

const ask = async (path: string) => (await browser().fetch(world.url(path))).json() as Record<string, unknown>
const provedTo = (path: string): Promise<readonly Proof[]> =>
  Promise.all(sent.filter(({ url }) => url.pathname === path).map(({ headers }) => proofOf(headers)))

describe('a login with bound tokens, at a real provider and an API that want nonces', () => {
  test('DP19: reaches the API, renews, and reaches it again, all with one key', async () => {
    await signedIn()
    expect(await ask('/call')).toEqual({ status: 200, scheme: 'dpop', subject: 'alice' })
    const { token: first } = (await ask('/token')) as { token: string }
    const proofs = await provedTo('/token')
    const [{ jkt }] = proofs as readonly [Proof]
    expect(decodeJwt(first)['cnf']).toEqual({ jkt })
    // One that is told the nonce, and one that exchanges the code.
    expect(proofs.map(({ payload }) => typeof payload['nonce'])).toEqual(['undefined', 'string'])

    api.refused.add(first)
    expect(await ask('/call')).toEqual({ status: 200, scheme: 'dpop', subject: 'alice' })
    const { token: second } = (await ask('/token')) as { token: string }
    expect(second).not.toBe(first)
    expect(decodeJwt(second)['cnf']).toEqual({ jkt })
    expect(sent.map(({ body }) => body.get('grant_type')).filter((grant) => grant !== null)).toEqual([
      'authorization_code',
      'authorization_code',
      'refresh_token',
    ])
    expect(await ask('/call')).toMatchObject({ status: 200 })
    expect(api.calls.map(({ status }) => status)).toEqual([401, 200, 401, 200, 200])
    const shown = await Promise.all(api.calls.map(({ headers }) => proofOf(headers)))
    expect(new Set(shown.map((proof) => proof.jkt))).toEqual(new Set([jkt]))
    expect(new Set(shown.map(({ payload }) => payload.jti)).size).toBe(5)
    expect(shown.every(({ payload }) => payload['htu'] === `${api.origin}/api/orders`)).toBe(true)
  })

  test('gets the claims of userinfo, with a proof', async () => {
    await signedIn({ authorizationParams: {}, scope: 'openid profile' })
    expect(await ask('/userinfo')).toMatchObject({ sub: 'alice' })
    const [{ payload }] = (await provedTo('/me')) as readonly [Proof]
    expect(payload).toMatchObject({ htm: 'GET', htu: `${world.provider.issuer}/me`, ath: expect.any(String) })
  })

  test('binds the code to the key: nobody with another key can exchange it', async () => {
    const thief = createDpopProver(
      { privateKey: signingKey('ES256').privateKey.export({ format: 'jwk' }) },
      systemRuntime,
    )
    const stolen: typeof fetch = async (input, init) => {
      const url = new URL(String(input))
      if (url.pathname !== '/token') return fetch(input, init)
      const dpop = thief.prove({ method: 'POST', url })
      const response = await fetch(input, { ...init, headers: { ...(init?.headers as object), dpop } })
      thief.rememberNonce(url, response.headers.get('dpop-nonce'))
      return response
    }
    await signedIn({ fetch: stolen })
    expect(await ask('/me')).toMatchObject({ user: null })
    expect(world.host.journal.errors).toEqual([expect.objectContaining({ code: 'invalid_grant' })])
  })

  test('may have a key for EdDSA, and signs proofs for pushed requests', async () => {
    const { privateKey } = signingKey('EdDSA')
    await signedIn({ pushedAuthorizationRequests: true, dpop: { privateKey: privateKey.export({ format: 'jwk' }) } })
    expect(await ask('/call')).toEqual({ status: 200, scheme: 'dpop', subject: 'alice' })
    expect((await provedTo('/token'))[0]?.header.alg).toBe('EdDSA')
  })

  test('refuses a provider that accepts no proofs with this algorithm', async () => {
    world = await startWorld({
      provider: { overrides: { enabledJWA: { dPoPSigningAlgValues: ['EdDSA'] } } },
      oidc: { dpop: { privateKey: holderPem } },
    })
    const answer = await browser().navigate(world.url('/login'))
    expect(answer.status).toBe(500)
    await expect(world.app.ready()).rejects.toMatchObject({ code: 'invalid_options', message: /ES256/ })
  })
})

describe('a session whose token is bound to', () => {
  const oldKey = { privateKey: signingKey('ES256').privateKey.export({ format: 'jwk' }) }

  test.each([
    ['an older key', oldKey],
    ['no key, from before tokens were', undefined],
  ])('%s gets a new token when the API refuses that one', async (_what, dpop) => {
    const session = { cookie: { name: 'app' } }
    await signedIn({ dpop, session }, { client: {} })
    const now = { issuer: world.provider.issuer, clientId: 'web', clientSecret: webClient('').client_secret, secret }
    const [host] = hosts as readonly [Host]
    const next = await host.start(({ baseUrl }) => {
      const key = { dpop: { privateKey: holderPem }, allowedOrigins: [api.origin] }
      return [oidc({ ...now, ...key, session, baseUrl }), ...layers]
    })
    const answer = await browser().fetch(`${next.url}/call`)
    expect(answer.json()).toEqual({ status: 200, scheme: 'dpop', subject: 'alice' })
    const shown = await Promise.all(api.calls.map(({ headers }) => proofOf(headers)))
    expect(api.calls.map(({ status }) => status)).toEqual([401, 401, 200])
    const { kty, crv, x, y } = holderKey.publicKey.export({ format: 'jwk' })
    expect(shown.at(-1)?.header.jwk).toEqual({ kty, crv, x, y })
    await next.close()
  })
})

describe('a login without bound tokens', () => {
  test('sends no proof and no thumbprint', async () => {
    await signedIn({ dpop: undefined }, { client: {} })
    expect(sent.filter(({ headers }) => headers.has('dpop'))).toEqual([])
    expect((await new Browser().navigate(world.url('/login'))).location).not.toContain('dpop_jkt')
    // The API wants bound tokens.
    expect(await ask('/call')).toMatchObject({ status: 401 })
  })
})

describe('a machine with bound tokens', () => {
  beforeEach(async () => {
    world = await startWorld()
  })

  test('DP19: reaches an API that wants nonces, at a provider that does, and shows the same key to both', async () => {
    const provider = await startRealProvider(strictProvider)
    api.protect(provider.issuer)
    const dpop = { privateKey: { ...holderKey.privateKey.export({ format: 'jwk' }) } }
    const { machine, issuer } = provider
    const source = clientCredentials({ issuer, ...machine, resource, dpop, fetch: watched })
    const answers = [await source.fetch(`${api.origin}/api/x`), await source.fetch(`${api.origin}/api/x?y=z`)]
    expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(
      Array(2).fill({ scheme: 'dpop', subject: 'machine' }),
    )
    expect(api.calls.map(({ status }) => status)).toEqual([401, 200, 200])
    const proofs = [...(await provedTo('/token')), ...(await provedTo('/api/x'))]
    expect(proofs).toHaveLength(5)
    const { jkt } = decodeJwt(await source.getToken())['cnf'] as { jkt: string }
    expect(new Set(proofs.map((proof) => proof.jkt))).toEqual(new Set([jkt]))
    await provider.close()
  })

  test('tells another HTTP client what to send, for one request', async () => {
    const provider = await startRealProvider()
    const plainApi = await startBoundApi({ mode: 'required', nonce: true })
    plainApi.protect(provider.issuer)
    const { machine, issuer } = provider
    const given = { issuer, ...machine, resource, dpop: { privateKey: holderPem } }
    const source = clientCredentials({ ...given, allowedOrigins: [plainApi.origin] })
    const url = `${plainApi.origin}/api/x`
    const own = { accept: 'application/json', dpop: 'old' }
    const first = await fetch(url, {
      method: 'DELETE',
      headers: await source.authorize(own, {}, { method: 'DELETE', url }),
    })
    expect([first.status, first.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/use_dpop_nonce/),
    ])
    // fetch() sends it in upper case.
    const request = { method: 'delete', url, nonce: first.headers.get('dpop-nonce') ?? '' }
    const headers = await source.authorize(own, {}, request)
    expect(own.dpop).toBe('old')
    expect(headers['accept']).toBe('application/json')
    expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(200)
    expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(401)
    const errors = [
      await failureOf(source.authorize()),
      await failureOf(source.authorize({}, {}, { url: 'https://x.y' })),
    ]
    expect(errors.map(({ code }) => code)).toEqual(['invalid_options', 'invalid_options'])
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/authorize\(headers, target, \{ method, url \}\)/),
      'authorize(): https://x.y is not listed in "allowedOrigins"',
    ])
    const bare = clientCredentials({ issuer, ...machine, resource })
    expect(await bare.authorize({}, {}, { url })).toEqual({ authorization: expect.stringMatching(/^Bearer /) })
    await Promise.all([provider.close(), plainApi.close()])
  })
})
