import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { OidcOptions } from '../../../lib/index.js'
import { type Answer, Browser, type RequestOptions } from '../../hosts/client.js'
import { type Host, hosts } from '../../hosts/hosts.js'
import { type AppRequest, startApp } from '../../kit/app.js'
import { Clock, stopMachine } from '../../kit/clock.js'
import { answering } from '../../kit/world/applications.js'
import { type SeveralWorld, startSeveral } from '../../kit/world/several.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { pastDeadline } from '../../kit/timers.js'
import { codeOf } from '../../kit/world/steps.js'
import { secret, startWorld, type World, type WorldOptions } from '../../kit/world/world.js'

let world: World
let goOn: () => void
beforeEach(() => void (goOn = stopMachine()))
afterEach(() => goOn())

const session = { idleSeconds: 600, absoluteSeconds: 1800, rollingStepSeconds: 60 }
const oidc = { routes: { session: '/session' }, session }

async function start(options: WorldOptions = {}, more: Partial<OidcOptions> = {}): Promise<void> {
  world = await startWorld({ ...options, oidc: { ...oidc, ...options.oidc, ...more } })
  world.clock.stop()
}

const resource = 'https://api.example.com'
const given = { issuer: 'https://id.example.com', clientId: 'web', clientSecret: 'x'.repeat(32), secret }

/** The errors that the application's error handlers got. */
function errorsOf({ host }: World): readonly unknown[] {
  return host.journal.errors
}

/** What a script of the page sends. */
function ask(options: RequestOptions = {}, path = '/session', browser = world.browser): Promise<Answer> {
  return browser.fetch(world.url(path), { ...options, headers: { 'x-csrf': '1', ...options.headers } })
}

describe.each(hosts)('the session route on $name', (host) => {
  beforeAll(async () => {
    await start({ host })
    await world.signIn()
  })
  afterAll(() => world.close())

  test('says who is signed in and until when, and where to sign in and out', async () => {
    const answer = await ask()
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/json'])
    expect(answer.json()).toEqual({
      isAuthenticated: true,
      user: { sub: 'alice', name: 'Alice Example' },
      session: { expires_in: expect.any(Number), absolute_expires_in: expect.any(Number) },
      login_url: world.url('/login'),
      logout_url: world.url('/logout'),
    })
  })

  test('says that nobody is signed in', async () => {
    expect((await ask({}, '/session', new Browser())).json()).toEqual({
      isAuthenticated: false,
      user: null,
      session: null,
      login_url: world.url('/login'),
      logout_url: null,
    })
  })

  test('SP01: is kept out of all caches, and has no validator that a cache could ask with', async () => {
    const first = await ask()
    expect(first.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect([first.headers.etag, first.headers['last-modified']]).toEqual([undefined, undefined])
    const again = await ask({ headers: { 'if-none-match': '*', 'if-modified-since': new Date().toUTCString() } })
    expect([again.status, again.json()]).toEqual([200, first.json()])
  })

  const evil = 'https://evil.example'
  test.each<[string, 'fetch' | 'none' | 'image' | 'iframe' | 'navigate', RequestOptions]>([
    [
      'a script element of another site',
      'none',
      { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' } },
    ],
    [
      'a fetch of another site without CORS',
      'none',
      { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } },
    ],
    [
      'a fetch of another site that has the header',
      'fetch',
      { site: 'cross-site', headers: { 'x-csrf': '1', origin: evil } },
    ],
    ['a fetch of a sibling subdomain that has the header', 'fetch', { site: 'same-site', headers: { 'x-csrf': '1' } }],
    ['a fetch of another site in an older browser', 'none', { headers: { 'x-csrf': '1', origin: evil } }],
    ['a sandboxed frame', 'none', { headers: { 'x-csrf': '1', origin: 'null' } }],
    ['an image', 'image', {}],
    ['a frame', 'iframe', { site: 'same-origin' }],
    ['the address bar', 'navigate', {}],
    ['a prefetch of this site', 'fetch', { headers: { 'sec-purpose': 'prefetch' } }],
    ['a fetch of this site without the header', 'fetch', {}],
    ['a fetch of this site whose header is empty', 'fetch', { headers: { 'x-csrf': '' } }],
    ['an older browser without the header', 'none', {}],
  ])('SP02: refuses %s, signed in or not', async (_what, kind, options) => {
    for (const browser of [world.browser, new Browser()]) {
      const answer = await browser.request(kind, world.url('/session'), options)
      expect([answer.status, answer.headers['content-type'], codeOf(answer)]).toEqual([
        403,
        'application/problem+json',
        'cross_site_request',
      ])
      expect(answer.headers['cache-control']).toBe('no-store')
      expect(answer.text).not.toMatch(/alice/i)
    }
  })

  test('answers an older browser that sends the header', async () => {
    const { cookies } = world.browser
    const cookie = cookies.header({ url: new URL(world.url('/')), crossSite: false, safeNavigation: true }) ?? ''
    const answer = await world.browser.request('none', world.url('/session'), { headers: { cookie, 'x-csrf': 'any' } })
    expect(answer.json()).toMatchObject({ isAuthenticated: true })
  })

  test.each(['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'QUERY'])('refuses %s with 405', async (method) => {
    const answer = await ask({ method })
    expect([answer.status, answer.headers.allow, answer.headers['cache-control']]).toEqual([405, 'GET', 'no-store'])
  })

  test('does not read a body', async () => {
    const answer = await ask({ method: 'GET', body: 'x'.repeat(100_000) })
    expect(answer.json()).toMatchObject({ isAuthenticated: true })
  })

  test('SP03: holds no token and no session identifier', async () => {
    const { text } = await ask()
    expect(text).not.toMatch(/ey[JA]|token|nonce|sid/i)
  })
})

describe('the session route', () => {
  afterEach(() => world.close())

  test('is off by default', async () => {
    await start({ layers: [answering('/session', () => 'mine')] }, { routes: {} })
    expect((await ask()).json()).toBe('mine')
  })

  test('takes no part in CORS, even where the application lets every site read its responses', async () => {
    const open = (_req: unknown, res: { setHeader(name: string, value: string): void }, next: () => void): void => {
      res.setHeader('Access-Control-Allow-Origin', 'https://evil.example')
      res.setHeader('Access-Control-Allow-Credentials', 'true')
      next()
    }
    await start({ before: [open] })
    await world.signIn()
    for (const options of [{}, { headers: { origin: 'https://evil.example' } }, { method: 'OPTIONS' }]) {
      const { headers } = await ask(options)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })

  test('is not a page to return to after a login', async () => {
    await start()
    expect((await world.signIn('/login?returnTo=/session')).url).toBe(world.url('/'))
  })

  test('counts down, and does not prolong the session', async () => {
    await start()
    await world.signIn()
    const seconds = async (): Promise<unknown> => (await ask()).json()
    expect(await seconds()).toMatchObject({ session: { expires_in: 600, absolute_expires_in: 1800 } })
    world.clock.advance(500)
    const answer = await ask()
    expect(answer.json()).toMatchObject({ session: { expires_in: 100, absolute_expires_in: 1300 } })
    expect(answer.setCookies).toEqual([])
    world.clock.advance(101)
    expect(await seconds()).toMatchObject({ isAuthenticated: false })
  })

  test('prolongs the session when it is asked to, and says how long it lives then', async () => {
    await start()
    await world.signIn()
    world.clock.advance(500)
    const answer = await ask({}, '/session?prolong=true')
    expect(answer.json()).toMatchObject({ session: { expires_in: 600, absolute_expires_in: 1300 } })
    expect(answer.setCookies).toHaveLength(1)
    world.clock.advance(500)
    expect((await ask()).json()).toMatchObject({ session: { expires_in: 100, absolute_expires_in: 800 } })
  })

  test.each(['?prolong=false', '?prolong', '?prolong=1', '?x=prolong%3Dtrue'])(
    'the session route does not prolong the session for the query %s',
    async (query) => {
      await start()
      await world.signIn()
      world.clock.advance(500)
      expect((await ask({}, `/session${query}`)).setCookies).toEqual([])
    },
  )

  test('SP02: does not prolong a session for another site', async () => {
    await start()
    await world.signIn()
    world.clock.advance(500)
    const refused = [{ site: 'same-site' }, { headers: { 'x-csrf': '' } }, { method: 'POST' }] as const
    for (const options of refused) {
      const answer = await ask(options, '/session?prolong=true')
      expect([answer.status, answer.setCookies]).toEqual([expect.any(Number), []])
      expect(answer.status).not.toBe(200)
    }
  })

  test('never says more than absoluteSeconds', async () => {
    await start()
    await world.signIn()
    for (let step = 0; step < 3; step += 1) {
      world.clock.advance(500)
      await ask({}, '/session?prolong=true')
    }
    expect((await ask()).json()).toMatchObject({ session: { expires_in: 300, absolute_expires_in: 300 } })
  })

  test('has no logout_url where the logout route is off', async () => {
    await start({}, { routes: { session: '/api/me', logout: false } })
    await world.signIn()
    expect((await ask({}, '/api/me')).json()).toMatchObject({ isAuthenticated: true, logout_url: null })
  })

  test('is below the base URL', async () => {
    world = await startWorld({ below: '/shop', oidc })
    await world.signIn('/shop/login')
    expect((await ask({}, '/shop/session')).json()).toMatchObject({
      isAuthenticated: true,
      login_url: world.url('/shop/login'),
      logout_url: world.url('/shop/logout'),
    })
  })

  test('picks the claims that it is told to', async () => {
    await start({}, { sessionRoute: { claims: ['email', 'roles'] } })
    await world.signIn()
    expect((await ask()).json()).toMatchObject({ user: { email: 'alice@example.com' } })
    expect(Object.keys((await ask()).json() as object)).not.toContain('roles')
  })

  test('lets a function make what the page sees, of the claims and the request', async () => {
    await start(
      {},
      {
        onLogin: () => ({ data: { tenant: 'acme' } }),
        sessionRoute: {
          claims: async ({ sub }, { req }) => ({ id: sub.toUpperCase(), data: req.oidc.data, method: req.method }),
        },
      },
    )
    await world.signIn()
    expect((await ask()).json()).toMatchObject({ user: { id: 'ALICE', data: { tenant: 'acme' }, method: 'GET' } })
  })

  test.each<[string, () => unknown]>([
    ['a list', () => ['alice']],
    ['nothing', () => undefined],
    ['text', () => 'alice'],
    ['a value that JSON does not have', () => ({ at: new Date(0) })],
  ])('reports an error of the set-up where that function returns %s', async (_what, claims) => {
    await start({}, { sessionRoute: { claims: claims as () => object } })
    await world.signIn()
    const answer = await ask()
    expect([answer.status, answer.text.includes('isAuthenticated')]).toEqual([500, false])
    expect(errorsOf(world)).toEqual([expect.objectContaining({ code: 'invalid_options' })])
    expect(String(errorsOf(world)[0])).toContain('sessionRoute.claims()')
  })

  test('reports the error that the function throws, and signs nobody out', async () => {
    let isBroken = true
    const mine = new RangeError('the directory is down')
    const claims = (user: { sub: string }): object => {
      if (isBroken) throw mine
      return { id: user.sub }
    }
    await start({}, { sessionRoute: { claims } })
    await world.signIn()
    const answer = await ask()
    expect([answer.status, answer.setCookies, answer.text.includes('isAuthenticated')]).toEqual([500, [], false])
    expect(errorsOf(world)).toEqual([mine])
    isBroken = false
    expect((await ask()).json()).toMatchObject({ isAuthenticated: true, user: { id: 'alice' } })
  })

  test('gives 503 where the function does not answer in time, and signs nobody out', async () => {
    let calls = 0
    const claims = ({ sub }: { sub: string }): object | Promise<object> => {
      calls += 1
      return calls === 1 ? new Promise<never>(() => undefined) : { id: sub }
    }
    await start({}, { sessionRoute: { claims }, httpTimeoutSeconds: 30 })
    await world.signIn()
    const answer = await pastDeadline(
      30,
      () => ask(),
      () => calls === 1,
    )
    expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([503, 'provider_timeout', []])
    expect((await ask()).json()).toMatchObject({ isAuthenticated: true, user: { id: 'alice' } })
  })

  test.each<[string, (oidc: AppRequest['oidc']) => unknown]>([
    ['the access token', (handle) => handle.accessToken()],
    ['the ID Token', ({ idToken }) => idToken],
    ['the access token for an API', (handle) => handle.accessToken({ resource })],
    [
      'the access token with its type, deep inside',
      async (handle) => [{ header: `Bearer ${await handle.accessToken()}` }],
    ],
  ])('SP03: refuses a function that returns %s', async (_what, tokenOf) => {
    const claims = async (_user: unknown, { req }: { req: unknown }) => ({
      me: await tokenOf((req as AppRequest).oidc),
    })
    await start({}, { sessionRoute: { claims }, resource, scope: 'openid offline_access orders:read' })
    await world.signIn()
    const answer = await ask()
    expect([answer.status, answer.text.includes('isAuthenticated')]).toEqual([500, false])
    expect(errorsOf(world)).toEqual([expect.objectContaining({ code: 'invalid_options' })])
  })
})

describe('the session route while the session store is unavailable', () => {
  afterEach(() => world.close())

  test.each([true, false])('says 503, and not that nobody is signed in (pages: %p)', async (hasPages) => {
    const store = new FakeStore({ now: Date.now })
    await start({}, { session: { ...session, store }, ...(hasPages ? { pages: {} } : {}) })
    await world.signIn()
    store.outage = true
    const answer = await ask()
    expect([answer.status, answer.headers['content-type'], codeOf(answer)]).toEqual([
      503,
      'application/problem+json',
      'session_store_unavailable',
    ])
    expect([answer.headers['retry-after'], answer.setCookies]).toEqual([expect.any(String), []])
  })
})

describe('the session route with several providers', () => {
  let several: SeveralWorld
  afterEach(() => several.close())

  test.each(['/session/devices', '/logout/survey'])(
    'leaves %s, below a route without names, to the application',
    async (path) => {
      several = await startSeveral({ oidc: () => oidc, layers: [answering(path, () => 'mine')] })
      const { url } = await several.browser.navigate(several.url(`/login/work?returnTo=${path}`), { follow: true })
      expect(url).toBe(several.url(path))
    },
  )

  test('names the provider of the session, and leads to the choice among them', async () => {
    several = await startSeveral({ oidc: () => oidc })
    const at = async (): Promise<unknown> =>
      (await several.browser.fetch(several.url('/session'), { headers: { 'x-csrf': '1' } })).json()
    expect(await at()).toMatchObject({ isAuthenticated: false, login_url: several.url('/login') })
    await several.signIn('work')
    expect(await at()).toMatchObject({
      isAuthenticated: true,
      session: { provider: 'work' },
      login_url: several.url('/login'),
      logout_url: several.url('/logout'),
    })
  })
})

describe('the session route at patterns of base URLs', () => {
  test('answers at each host for itself, and not at hosts that do not fit', async () => {
    const pattern = (url: string): string => url.replace('127.0.0.1', '*.shop.localhost')
    const app = await startApp(hosts[0] as Host, Clock.real(), (origin) => ({
      provider: undefined,
      options: { ...given, baseUrls: [pattern(origin)], routes: { session: '/session' } },
      layers: (middleware) => [middleware],
    }))
    try {
      const port = new URL(app.host.url).port
      const at = (host: string, more: Record<string, string> = {}): Promise<Answer> =>
        new Browser().request('none', `${app.host.url}/session`, { headers: { host, 'x-csrf': '1', ...more } })
      expect((await at(`a.shop.localhost:${port}`)).json()).toMatchObject({
        login_url: `http://a.shop.localhost:${port}/login`,
      })
      const sibling = { origin: `http://b.shop.localhost:${port}` }
      expect((await at(`a.shop.localhost:${port}`, sibling)).status).toBe(403)
      expect((await at('evil.example')).status).toBe(421)
    } finally {
      await app.close()
    }
  })
})
