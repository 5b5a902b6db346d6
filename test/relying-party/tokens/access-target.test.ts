import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { decodeJwt } from 'jose'
import { once } from 'node:events'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type BearerError, type BearerMiddleware, bearer } from '../../../lib/index.js'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { answering } from '../../kit/world/applications.js'
import {
  type RefreshWorld,
  answerWith,
  cookieOf,
  startRefreshWorld,
  told,
  tokenOf,
} from '../../kit/world/refreshing.js'
import { changed, subjectOf } from '../../kit/world/steps.js'
import type { AppRequest } from '../../kit/app.js'
import type { WorldOptions } from '../../kit/world/world.js'

const orders = 'https://orders.example.com'
const billing = 'https://billing.example.com'
const scopes = 'openid email orders:read orders:write bills:read'

const targetOf = ({ url }: AppRequest) => {
  const query = new URL(url ?? '', 'http://x').searchParams
  return Object.fromEntries(['resource', 'scope'].flatMap((name) => (query.has(name) ? [[name, query.get(name)]] : [])))
}

let world: RefreshWorld

const layers = [
  answering('/for', async (req) => ({ token: await req.oidc.accessToken(targetOf(req)) })),
  answering('/all', ({ oidc }) =>
    Promise.all([
      oidc.accessToken({ resource: orders }),
      oidc.accessToken({ resource: billing }),
      oidc.accessToken({ resource: orders, scope: 'orders:read' }),
      oidc.accessToken(),
    ]),
  ),
]

async function start(options: WorldOptions = {}): Promise<Browser> {
  world = await startRefreshWorld({
    ...options,
    oidc: { scope: scopes, resource: [orders, billing], ...options.oidc },
    provider: {
      resources: { [orders]: 'orders:read orders:write', [billing]: 'bills:read' },
      ...options.provider,
    },
    layers: [...layers, ...(options.layers ?? [])],
  })
  return world.enter()
}

const tokenFor = async (browser: Browser, target: Record<string, string>) =>
  told(await browser.fetch(world.url(`/for?${new URLSearchParams(target)}`)))
const claimsFor = async (browser: Browser, target: Record<string, string>) =>
  decodeJwt(String(await tokenFor(browser, target)))
const resources = () => world.refreshes.map((form) => form.get('resource'))

describe.each(hosts)('accessToken({ resource }) on $name', (host) => {
  let browser: Browser
  beforeAll(async () => {
    browser = await start({ host })
  })
  afterAll(() => world.close())

  test('gets a token for each API by a refresh grant, once, and keeps it beside the main token', async () => {
    const main = await tokenOf(world, browser)
    expect(await claimsFor(browser, { resource: orders })).toMatchObject({
      aud: orders,
      sub: 'alice',
      scope: 'orders:read orders:write',
    })
    expect(await claimsFor(browser, { resource: billing })).toMatchObject({ aud: billing, scope: 'bills:read' })
    const [first, second] = [
      await tokenFor(browser, { resource: orders }),
      await tokenFor(browser, { resource: billing }),
    ]
    expect(await tokenFor(browser, { resource: orders })).toBe(first)
    expect(await tokenFor(browser, { resource: billing })).toBe(second)
    expect(resources()).toEqual([orders, billing])
    expect(await tokenOf(world, browser)).toBe(main)
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('gets a token with fewer scopes, in whatever spelling', async () => {
    const before = world.refreshes.length
    expect(await claimsFor(browser, { resource: orders, scope: 'orders:read' })).toMatchObject({ scope: 'orders:read' })
    const both = await tokenFor(browser, { resource: orders, scope: 'orders:write orders:read' })
    expect(await tokenFor(browser, { resource: orders, scope: ' orders:read  orders:write orders:read' })).toBe(both)
    expect(world.refreshes.slice(before).map((form) => form.get('scope'))).toEqual([
      'orders:read',
      'orders:read orders:write',
    ])
  })
})

describe('a session with tokens for several APIs', () => {
  afterEach(() => world.close())

  test('RF01, RF16: uses each refresh token once, one after the other, where requests ask for all of them at once', async () => {
    const browser = await start()
    world.clock.advance(700)
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.fetch(world.url('/all'))))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const spent = world.refreshes.map((form) => form.get('refresh_token'))
    expect([spent.length, new Set(spent).size]).toEqual([4, 4])
    expect(await subjectOf(world, browser)).toBe('alice')
    world.clock.advance(700)
    expect((await browser.fetch(world.url('/all'))).status).toBe(200)
    expect(world.refreshes).toHaveLength(8)
  })

  test('RF16: serves requests that still carry the cookie from before', async () => {
    const browser = await start()
    const old = cookieOf(browser, world)
    const all = await browser.fetch(world.url('/all'))
    const late = await new Browser().fetch(world.url('/all'), { headers: old })
    expect(late.text).toBe(all.text)
    expect(world.refreshes).toHaveLength(3)
  })

  test('uses no refresh token twice where the provider does not rotate them', async () => {
    const browser = await start({ provider: { overrides: { rotateRefreshToken: false } } })
    const answers = await Promise.all(Array.from({ length: 5 }, () => browser.fetch(world.url('/all'))))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(resources().sort()).toEqual([billing, orders, orders])
  })

  test('renews each token by its own end, and leaves the others', async () => {
    const browser = await start()
    const main = await tokenOf(world, browser)
    world.clock.advance(300)
    const first = await tokenFor(browser, { resource: orders })
    world.clock.advance(285)
    const renewed = await tokenOf(world, browser)
    expect(renewed).not.toBe(main)
    expect(await tokenFor(browser, { resource: orders })).toBe(first)
    world.clock.advance(300)
    expect(await tokenFor(browser, { resource: orders })).not.toBe(first)
    expect(await tokenOf(world, browser)).toBe(renewed)
    expect(resources()).toEqual([orders, null, orders])
  })

  test('RE01: keeps five of them, and forgets the one obtained longest ago', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `https://api-${index}.example.com`)
    const browser = await start({
      oidc: { resource: names, session: { maxCookieBytes: 12_288 } },
      provider: { resources: Object.fromEntries(names.map((name) => [name, 'orders:read'])) },
    })
    for (const resource of names) {
      await tokenFor(browser, { resource })
      world.clock.advance(1)
    }
    world.clock.advance(61)
    for (const resource of names.slice(1)) await tokenFor(browser, { resource })
    expect(world.refreshes).toHaveLength(6)
    await tokenFor(browser, { resource: names[0] ?? '' })
    expect(world.refreshes).toHaveLength(7)
  })

  test('SC10: keeps as many as fit into its cookies, and never loses the refresh token for them', async () => {
    const browser = await start({ oidc: { session: { maxCookieBytes: 3_500 } } })
    for (let rounds = 1; rounds <= 3; rounds += 1) {
      expect((await browser.fetch(world.url('/all'))).status).toBe(200)
      world.clock.advance(700)
    }
    expect(await tokenFor(browser, { resource: billing })).toEqual(expect.any(String))
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('goes on where the provider refuses a target', async () => {
    const browser = await start()
    world.spoilTokens(answerWith(400, { error: 'invalid_target' }))
    const answer = await browser.fetch(world.url(`/for?resource=${orders}`))
    expect([answer.status, answer.json()]).toMatchObject([502, { code: 'token_request_failed' }])
    expect(answer.text).toContain('invalid_target')
    world.spoilTokens()
    expect(await tokenFor(browser, { resource: orders })).toEqual(expect.any(String))
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('uses no refresh token for a resource that no login names', async () => {
    const browser = await start()
    const answer = await browser.fetch(world.url('/for?resource=https://unknown.example'))
    expect([answer.status, answer.json()]).toMatchObject([500, { code: 'invalid_options' }])
    expect(answer.text).toContain('oidc({ resource })')
    expect(world.refreshes).toHaveLength(0)
    await world.close()
    const other = await start({ oidc: { resource: undefined, authorizationParams: { resource: billing } } })
    expect(await claimsFor(other, { resource: billing })).toMatchObject({ aud: billing })
  })

  test('RF07: returns a token that is still valid while the provider is down, and 503 where there is none', async () => {
    const browser = await start()
    const token = await tokenFor(browser, { resource: orders })
    world.spoilTokens(answerWith(503, {}))
    world.clock.advance(590)
    expect(await tokenFor(browser, { resource: orders })).toBe(token)
    expect(await tokenFor(browser, { resource: billing })).toEqual([503, 'provider_unavailable'])
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('RF05: ends as a whole when the provider refuses the refresh token', async () => {
    const browser = await start()
    world.spoilTokens(answerWith(400, { error: 'invalid_grant' }))
    expect(await tokenFor(browser, { resource: orders })).toEqual([401, 'session_expired'])
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('RF10: ends as a whole when the ID Token that comes along is about someone else', async () => {
    const browser = await start()
    const bob = 'e30.e30.AAAA'
    world.spoilTokens(changed((members) => ({ ...members, id_token: bob })))
    expect(await tokenFor(browser, { resource: orders })).toEqual([502, expect.stringMatching(/^token_/)])
    expect(await subjectOf(world, browser)).toBeNull()
  })

  test('reports that there is no refresh token', async () => {
    const browser = await start({ client: { grant_types: ['authorization_code'] } })
    const answer = await browser.fetch(world.url(`/for?resource=${orders}`))
    expect([answer.status, answer.json()]).toMatchObject([401, { code: 'access_token_missing' }])
    expect(answer.text).toContain('the login brought no refresh token')
  })
})

describe('RF11: a scope of accessToken()', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await start()
  })
  afterAll(() => world.close())

  test('that no login asks for is a mistake of the application, and no request is sent', async () => {
    const answer = await browser.fetch(world.url(`/for?resource=${orders}&scope=orders:delete`))
    expect([answer.status, answer.json()]).toMatchObject([500, { code: 'invalid_options' }])
    expect(world.refreshes).toHaveLength(0)
  })

  test('that the main token was not granted is requested only with an API that may have it', async () => {
    const answer = await browser.fetch(world.url('/for?scope=orders:read'))
    expect([answer.status, answer.json()]).toMatchObject([401, { code: 'access_token_missing' }])
    expect(world.refreshes).toHaveLength(0)
  })

  test('that lists all scopes of the main token means that token', async () => {
    const { auth } = (await browser.fetch(world.url('/me'))).json() as { auth: { scopes: string[] } }
    const main = await tokenOf(world, browser)
    expect(await tokenFor(browser, { scope: [...auth.scopes].reverse().join(' ') })).toBe(main)
    expect(await tokenFor(browser, { scope: 'openid' })).not.toBe(main)
    expect(world.refreshes.map((form) => [form.get('scope'), form.get('resource')])).toEqual([['openid', null]])
    expect(await tokenOf(world, browser)).toBe(main)
  })

  test.each([
    ['relative', 'resource=/orders', '"resource" must be an absolute URI'],
    ['with a fragment', 'resource=https://orders.example.com/%23x', '"resource" must be an absolute URI'],
    ['with a quote', 'scope=%22', '"scope" must be scopes'],
  ])('or a resource that is %s is refused by name', async (_what, query, message) => {
    const asked = world.refreshes.length
    const answer = await browser.fetch(world.url(`/for?${query}`))
    expect([answer.status, answer.json()]).toMatchObject([500, { code: 'invalid_options' }])
    expect(answer.text).toContain(message.replaceAll('"', '\\"'))
    expect(world.refreshes).toHaveLength(asked)
  })
})

describe('req.oidc.fetch() with a target', () => {
  let apis: Server
  let origin: string
  const guards = new Map<string, BearerMiddleware>()
  const seen: unknown[] = []
  beforeAll(async () => {
    apis = createServer((req, res) => {
      seen.push(req.headers.authorization)
      guards
        .get(req.url ?? '')
        ?.authenticate(req)
        .then(
          () => res.end(),
          (error: BearerError) => res.writeHead(error.status).end(),
        )
    })
    await once(apis.listen(0, '127.0.0.1'), 'listening')
    origin = `http://127.0.0.1:${(apis.address() as AddressInfo).port}`
  })
  afterAll(() => void apis.close())
  afterEach(async () => {
    for (const guard of guards.values()) guard.close()
    seen.length = 0
    await world.close()
  })

  async function startCalling(): Promise<Browser> {
    const call = answering('/call', async (req) => {
      const path = new URL(req.url ?? '', 'http://x').searchParams.get('path') ?? ''
      return { token: (await req.oidc.fetch(`${origin}${path}`, undefined, targetOf(req))).status }
    })
    const browser = await start({ oidc: { allowedOrigins: [origin] }, layers: [call] })
    guards.set('/orders', bearer({ issuer: world.provider.issuer, audience: orders }))
    guards.set('/billing', bearer({ issuer: world.provider.issuer, audience: billing }))
    return browser
  }
  const call = async (browser: Browser, path: string, target: Record<string, string> = {}) =>
    told(await browser.fetch(world.url(`/call?${new URLSearchParams({ path, ...target })}`)))

  test('gives each API its own token, which no other API accepts', async () => {
    const browser = await startCalling()
    expect(await call(browser, '/orders', { resource: orders })).toBe(200)
    expect(await call(browser, '/billing', { resource: billing })).toBe(200)
    expect(resources()).toEqual([orders, billing])
    expect(await call(browser, '/orders', { resource: billing })).toBe(401)
    expect(await call(browser, '/billing')).toBe(401)
  })

  test('renews that token, once, when the API refuses it', async () => {
    const browser = await startCalling()
    expect(await call(browser, '/orders', { resource: orders })).toBe(200)
    const main = await tokenOf(world, browser)
    guards.set('/orders', bearer({ issuer: world.provider.issuer, audience: 'https://moved.example.com' }))
    for (let calls = 0; calls < 3; calls += 1) expect(await call(browser, '/orders', { resource: orders })).toBe(401)
    expect(resources()).toEqual([orders, orders])
    expect(new Set(seen).size).toBe(2)
    expect(await call(browser, '/billing', { resource: orders })).toBe(401)
    expect(resources()).toEqual([orders, orders])
    expect(await tokenOf(world, browser)).toBe(main)
  })
})
