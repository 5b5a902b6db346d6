import { afterEach, describe, expect, test } from '@jest/globals'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { bearer, oidc, requireAuth, resourceMetadata, scope } from '../../../lib/index.js'
import { createBearer } from '../../../lib/middleware/bearer.js'
import { parseBearerOptions } from '../../../lib/options/bearer/schema.js'
import type { Principal } from '../../../lib/policy/principal.js'
import { Browser } from '../../hosts/client.js'
import { type Host, hosts, type RunningHost } from '../../hosts/hosts.js'
import { type RealProvider, startRealProvider, webClient } from '../../provider-real/provider.js'
import { apiProvider, audience } from '../../kit/provider/provider.js'
import { startApi } from '../../kit/resource-server/server.js'

const closing: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((each) => each.close()))
})

const answer = (req: IncomingMessage, res: ServerResponse): void => {
  const { auth } = req as { auth?: Principal }
  res.setHeader('content-type', 'application/json')
  res.end(JSON.stringify({ scheme: auth?.scheme ?? null, subject: auth?.subject ?? null }))
}

describe.each(hosts)('bearer() on $name', (host) => {
  test('lets a token pass, responds once, and calls next at most once', async () => {
    const api = await startApi({ host })
    expect((await api.present(api.issuer.accessToken())).json).toMatchObject({
      auth: { subject: 'alice', scheme: 'bearer' },
    })
    expect((await api.send()).status).toBe(401)
    expect((await api.present('x')).status).toBe(401)
    const of = (name: string) => api.host.journal.passages.filter((passage) => passage.name === name)
    expect(of('bearer').map(({ nexts }) => nexts)).toEqual([1, 0, 0])
    expect(api.host.journal.rejections).toEqual([])
  })

  test('refuses with problem documents that hold the challenge and are never cached', async () => {
    const api = await startApi({ host })
    const { status, headers, json } = await api.present('x')
    expect(status).toBe(401)
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'www-authenticate': 'Bearer error="invalid_token", error_description="the access token is not valid here"',
    })
    expect(json).toEqual({
      title: 'Unauthorized',
      status: 401,
      code: 'invalid_token',
      detail: 'the access token is not valid here',
    })
  })

  test('answers an outage with 503 and Retry-After, without a challenge', async () => {
    const issuer = apiProvider()
    issuer.intercept = () => new Response('', { status: 500 })
    const api = await startApi({ host, issuer })
    const { status, headers, json } = await api.present(issuer.accessToken())
    expect(status).toBe(503)
    expect(headers['retry-after']).toMatch(/^\d+$/)
    expect(headers['www-authenticate']).toBeUndefined()
    expect(json).toEqual({ title: 'Service Unavailable', status: 503, code: 'provider_unavailable' })
  })

  test('leaves the response to onError', async () => {
    const seen: unknown[] = []
    const onError = (error: Error, { res }: { res: ServerResponse }) => {
      seen.push(error)
      res.writeHead(418).end()
    }
    const api = await startApi({ host, options: { onError } })
    expect((await api.send()).status).toBe(418)
    expect(seen).toEqual([expect.objectContaining({ code: 'missing_token' })])
  })

  test.each([
    ['onError', { onError: () => Promise.reject() }],
    ['onError, by a word that routers know', { onError: () => Promise.reject('route') }],
    [
      'scopes, with nothing',
      {
        scopes: () => {
          throw undefined
        },
      },
    ],
    [
      'scopes, by a word that routers know',
      {
        scopes: () => {
          throw 'route'
        },
      },
    ],
  ])('GU02: lets nobody in where %s throws without an error', async (_what, options) => {
    let reached = 0
    const issuer = apiProvider()
    const given = { issuer: issuer.issuer, audience, fetch: issuer.fetch, ...options }
    const guard = createBearer(parseBearerOptions(given), issuer.clock)
    const listening = await host.start(() => [
      {
        mount: '/api',
        handlers: [
          guard,
          (_req, res) => {
            reached++
            res.end('secret')
          },
        ],
      },
    ])
    const token = 'onError' in options ? 'x' : issuer.accessToken()
    const answer = await fetch(`${listening.url}/api/orders`, { headers: { authorization: `Bearer ${token}` } })
    await listening.close()
    expect([answer.status, reached]).toEqual([500, 0])
  })

  test('hands what an application throws from onError or scopes to its error handlers', async () => {
    const failing = await startApi({ host, options: { onError: () => Promise.reject(new Error('mine')) } })
    expect((await failing.send()).status).toBe(500)
    expect(failing.host.journal.errors).toEqual([expect.objectContaining({ message: 'mine' })])
    const odd = await startApi({
      host,
      options: {
        scopes: () => {
          throw new TypeError('mine too')
        },
      },
    })
    expect((await odd.present(odd.issuer.accessToken())).status).toBe(500)
    expect(odd.host.journal.errors).toEqual([expect.objectContaining({ message: 'mine too' })])
  })

  test('oidc() and bearer() together let a session pass, and a token, and nothing else', async () => {
    const { app, provider } = await startBoth(host)
    const browser = new Browser()
    const page = `${app.url}/api/me`
    expect((await browser.fetch(page)).status).toBe(401)
    const away = await browser.navigate(page)
    expect(away.status).toBe(302)
    expect(away.location).toMatch(`${provider.issuer}/auth`)
    const back = await browser.navigate(page, { follow: true })
    expect(back.json()).toEqual({ scheme: 'session', subject: 'alice' })
    expect((await browser.fetch(page)).json()).toEqual({ scheme: 'session', subject: 'alice' })
    const authorization = `Bearer ${await machineToken(provider)}`
    const machine = await new Browser().fetch(page, { headers: { authorization } })
    expect(machine.json()).toEqual({ scheme: 'bearer', subject: 'machine' })
    expect((await browser.fetch(page, { headers: { authorization } })).json()).toMatchObject({ scheme: 'bearer' })
    const bad = await browser.fetch(page, { headers: { authorization: 'Bearer x' } })
    expect(bad).toMatchObject({ status: 401 })
    expect(bad.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token"/)
  })
})

test('req.auth is the token’s where oidc() comes after bearer(), too', async () => {
  const [host] = hosts
  if (host === undefined) throw new Error('there is no host')
  const { app, provider } = await startBoth(host)
  const authorization = `Bearer ${await machineToken(provider)}`
  const page = await new Browser().fetch(`${app.url}/late/me`, { headers: { authorization } })
  expect(page.json()).toEqual({ scheme: 'bearer', subject: 'machine' })
})

describe('scopes', () => {
  test.each([
    ['scope as a string', { scope: 'a b' }],
    ['scope as a list', { scope: ['a', 'b'] }],
    ['scp as a list', { scope: undefined, scp: ['a', 'b'] }],
    ['scp as a string', { scope: undefined, scp: 'a b' }],
    ['scope and scp, as lists of several each', { scope: ['a'], scp: ['x b'] }],
  ])('are found in %s', async (_what, claims) => {
    const api = await startApi({ requirements: [scope('a', 'b')] })
    expect((await api.present(api.issuer.accessToken(claims))).status).toBe(200)
  })

  test('are found by a function of the application', async () => {
    const scopes = (claims: Record<string, unknown>) => (claims['grants'] === 'all' ? new Set(['a']) : [])
    const api = await startApi({ options: { scopes }, requirements: [scope('a')] })
    expect((await api.present(api.issuer.accessToken({ grants: 'all' }))).status).toBe(200)
    expect((await api.present(api.issuer.accessToken({ scope: 'a' }))).status).toBe(403)
    const odd = await startApi({ options: { scopes: () => 'a b' } })
    expect((await odd.present(odd.issuer.accessToken())).status).toBe(500)
    expect(odd.host.journal.errors).toEqual([expect.objectContaining({ code: 'invalid_options' })])
  })
})

describe('authenticate()', () => {
  test('validates an upgrade request, which no middleware saw', async () => {
    const issuer = apiProvider()
    const options = { issuer: issuer.issuer, audience, fetch: issuer.fetch }
    const api = createBearer(parseBearerOptions(options), issuer.clock)
    const upgrade = (authorization?: string) =>
      ({
        method: 'GET',
        url: '/socket',
        socket: new Socket(),
        headers: { upgrade: 'websocket', ...(authorization === undefined ? {} : { authorization }) },
        rawHeaders: authorization === undefined ? [] : ['Authorization', authorization],
      }) as IncomingMessage
    await expect(api.authenticate(upgrade(`Bearer ${issuer.accessToken()}`))).resolves.toMatchObject({
      principal: { subject: 'alice' },
      signal: { aborted: false },
    })
    await expect(api.authenticate(upgrade())).rejects.toMatchObject({ status: 401 })
    await expect(api.authenticate(upgrade('Bearer x'))).rejects.toMatchObject({ status: 401 })
    await api.ready()
    expect(api.health()).toMatchObject([{ keys: 'fresh' }])
    api.close()
  })
})

describe('resourceMetadata()', () => {
  test.each([
    ['https://api.example.com', '/.well-known/oauth-protected-resource'],
    ['https://api.example.com/', '/.well-known/oauth-protected-resource'],
    ['https://api.example.com/v1/orders', '/.well-known/oauth-protected-resource/v1/orders'],
  ])('for %s is at %s', async (resource, path) => {
    const metadata = resourceMetadata({ resource, authorizationServers: ['https://issuer.example.com'] })
    expect(metadata.url).toBe(`https://api.example.com${path}`)
    for (const host of hosts) {
      const app = await host.start(() => [metadata])
      closing.push(app)
      const found = await fetch(app.url + path)
      expect(found.headers.get('content-type')).toBe('application/json')
      expect(found.headers.get('access-control-allow-origin')).toBe('*')
      expect(await found.json()).toMatchObject({ resource, authorization_servers: ['https://issuer.example.com'] })
      expect((await fetch(`${app.url}${path}/x`)).status).toBe(404)
      expect((await fetch(app.url + path, { method: 'HEAD' })).status).toBe(200)
      expect((await fetch(app.url + path, { method: 'OPTIONS' })).status).toBe(204)
      const posted = await fetch(app.url + path, { method: 'POST' })
      expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    }
  })

  test('publishes what is configured, and cannot contradict itself', async () => {
    const metadata = resourceMetadata({
      resource: 'https://api.example.com',
      authorizationServers: ['https://issuer.example.com'],
      scopes: ['a'],
      name: 'Orders',
      documentation: 'https://api.example.com/docs',
      dpopRequired: true,
      dpopAlgorithms: ['ES256'],
      certificateBound: false,
      members: { resource: 'https://evil.example', resource_policy_uri: 'https://api.example.com/policy' },
    })
    const host = hosts[0] as Host
    const app = await host.start(() => [metadata])
    closing.push(app)
    expect(await (await fetch(`${app.url}/.well-known/oauth-protected-resource`)).json()).toEqual({
      resource: 'https://api.example.com',
      authorization_servers: ['https://issuer.example.com'],
      scopes_supported: ['a'],
      bearer_methods_supported: ['header'],
      resource_name: 'Orders',
      resource_documentation: 'https://api.example.com/docs',
      resource_policy_uri: 'https://api.example.com/policy',
      dpop_bound_access_tokens_required: true,
      dpop_signing_alg_values_supported: ['ES256'],
      tls_client_certificate_bound_access_tokens: false,
    })
  })

  test('refuses a resource with a query, other schemes, and an empty list of issuers', () => {
    const authorizationServers = ['https://issuer.example.com']
    for (const resource of ['https://a.example/?x', 'https://a.example/#x', 'urn:x', 'http://a.example', '']) {
      expect(() => resourceMetadata({ resource, authorizationServers })).toThrow(/resourceMetadata\(\)/)
    }
    expect(() => resourceMetadata({ resource: 'https://a.example', authorizationServers: [] })).toThrow(/issuer/)
  })

  test('is named in every challenge', async () => {
    const url = 'https://api.example.com/.well-known/oauth-protected-resource'
    const api = await startApi({ options: { resourceMetadata: url, realm: 'orders' }, requirements: [scope('x')] })
    const challenges = [
      await api.send(),
      await api.present('x'),
      await api.present('a b'),
      await api.present(api.issuer.accessToken()),
    ]
    expect(challenges.map(({ status }) => status)).toEqual([401, 401, 400, 403])
    for (const { headers } of challenges) {
      expect(headers['www-authenticate']).toMatch(/^Bearer realm="orders".* ?resource_metadata="https:[^"]+"$/)
    }
  })
})

async function startBoth(host: Host): Promise<{ app: RunningHost; provider: RealProvider }> {
  let provider: RealProvider | undefined
  const app = await host.start(async ({ baseUrl }) => {
    const client = webClient(baseUrl)
    provider = await startRealProvider({ clients: [client] })
    const { issuer } = provider
    const login = oidc({
      issuer,
      clientId: client.client_id,
      clientSecret: client.client_secret,
      baseUrl,
      secret: 'a-random-secret-0123456789-abcdefghij',
    })
    const api = bearer({ issuer, audience: 'https://api.example.com', required: false })
    return [
      { mount: '/late', handlers: [api, login, requireAuth(), answer] },
      login,
      { mount: '/api', handlers: [api, requireAuth(), answer] },
    ]
  })
  closing.push(app)
  if (provider === undefined) throw new Error('there is no provider')
  closing.push(provider)
  return { app, provider }
}

async function machineToken({ issuer, machine }: RealProvider): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    resource: 'https://api.example.com',
    scope: 'orders:read',
  })
  const authorization = `Basic ${Buffer.from(`${machine.clientId}:${machine.clientSecret}`).toString('base64')}`
  const response = await fetch(`${issuer}/token`, { method: 'POST', body, headers: { authorization } })
  return ((await response.json()) as { access_token: string }).access_token
}
