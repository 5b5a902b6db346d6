import { afterEach, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import type { LoginOptions } from '../../../lib/index.js'
import { Browser, type RequestKind, type RequestOptions } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { withoutHash } from '../../hosts/cookie-names.js'
import { get } from '../../kit/world/applications.js'
import {
  codeOf,
  comeBack,
  forgetAtProvider,
  SpoiltFetch,
  subjectOf,
  throughProvider,
  transactionCookies,
  withParameters,
} from '../../kit/world/steps.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'

let world: World
afterEach(() => world.close())

const follow = { follow: true } as const
const promptOf = (location = '') => new URL(location).searchParams.get('prompt')
const asks = (browser: Browser, path = '/') => browser.navigate(world.url(path), { site: 'cross-site' })

/** Starts an application with silent logins. */
async function startSilent(options: WorldOptions = {}): Promise<void> {
  world = await startWorld({ ...options, oidc: { silentLogin: true, ...options.oidc } })
}

/** A browser that is signed in at the provider, but not here. */
async function knownAtProvider(): Promise<Browser> {
  const browser = new Browser()
  await browser.navigate(world.url('/login'), follow)
  browser.cookies.clear(({ name }) => name.startsWith('oidc'))
  return browser
}

describe('CB33: the prompt of a login', () => {
  test.each(['none', 'login', 'consent', 'select_account', 'create'])('CB33: may be %s', async (prompt) => {
    world = await startWorld()
    const { location } = await world.browser.navigate(world.url(`/login?prompt=${prompt}`))
    expect(promptOf(location)).toBe(prompt)
  })

  test.each(['', 'NONE', 'none login', 'none%00', 'admin', '__proto__', 'none&prompt=login'])(
    'CB33: is ignored at the login route where it is %j',
    async (prompt) => {
      world = await startWorld()
      const { status, location } = await world.browser.navigate(world.url(`/login?prompt=${prompt}`))
      expect([status, promptOf(location)]).toEqual([302, null])
    },
  )

  test.each(['', 'NONE', 'none login', 7])(
    'CB33: is a mistake of the application at login() where it is %j',
    async (prompt) => {
      const options: LoginOptions = JSON.parse(JSON.stringify({ prompt }))
      world = await startWorld({ layers: [get('/in', ({ oidc }) => oidc.login(options))] })
      const answer = await world.browser.navigate(world.url('/in'))
      expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([500, 'invalid_options', []])
    },
  )
})

describe.each(hosts)('a login with prompt=none, on $name', (host) => {
  test('CB33: signs in people who are signed in at the provider, and brings all others back without an error', async () => {
    world = await startWorld({
      host,
      layers: [get('/try', ({ oidc }) => oidc.login({ prompt: 'none', returnTo: '/me' }))],
    })
    const stranger = new Browser()
    const page = await stranger.navigate(world.url('/try'), follow)
    expect([page.status, page.url]).toEqual([200, world.url('/me')])
    expect(page.json()).toMatchObject({ user: null })
    expect(transactionCookies(stranger).size).toBe(0)
    const known = await knownAtProvider()
    expect((await known.navigate(world.url('/try'), follow)).json()).toMatchObject({ user: { sub: 'alice' } })
  })

  test('CB33: is made once for an anonymous visitor, who then goes on anonymously', async () => {
    await startSilent({ host })
    const browser = new Browser()
    const page = await browser.navigate(world.url('/me?tab=1'), { ...follow, site: 'cross-site' })
    expect([page.status, page.url]).toEqual([200, world.url('/me?tab=1')])
    expect(page.json()).toMatchObject({ user: null })
    expect(page.via.some((url) => promptOf(url) === 'none')).toBe(true)
    expect((await asks(browser)).text).toBe('home')
    expect((await browser.navigate(world.url('/'))).text).toBe('home')
  })

  test('CB33: signs in an anonymous visitor whom the provider knows', async () => {
    await startSilent({ host })
    const browser = await knownAtProvider()
    const page = await browser.navigate(world.url('/me'), { ...follow, site: 'cross-site' })
    expect(page.json()).toMatchObject({ user: { sub: 'alice' } })
    const passages = world.host.journal.passages.filter(({ name }) => name === 'oidc')
    expect(passages.filter(({ nexts }) => nexts > 1)).toEqual([])
  })
})

describe('a silent login', () => {
  test.each<[string, RequestKind, RequestOptions]>([
    ['a fetch', 'fetch', {}],
    ['an image', 'image', { site: 'cross-site' }],
    ['a frame', 'iframe', { site: 'cross-site' }],
    ['a program', 'none', {}],
    ['a program that wants HTML', 'none', { headers: { accept: 'text/html' } }],
    ['a form', 'navigate', { method: 'POST' }],
    ['HEAD', 'navigate', { method: 'HEAD' }],
    ['a prefetch', 'navigate', { headers: { 'sec-purpose': 'prefetch' } }],
    ['an old prefetch', 'navigate', { headers: { purpose: 'prefetch' } }],
  ])('CB33: is not made for %s', async (_what, kind, options) => {
    await startSilent()
    const answer = await world.browser.request(kind, world.url('/me'), options)
    expect([answer.location, answer.setCookies]).toEqual([undefined, []])
  })

  test('CB33: is not made where the application has not asked for it, nor for signed-in people', async () => {
    world = await startWorld()
    expect((await asks(world.browser)).text).toBe('home')
    await world.close()
    await startSilent()
    await world.signIn()
    expect((await asks(world.browser)).text).toBe('home')
  })

  test('CB33: is made again after an hour, not before', async () => {
    await startSilent()
    const { setCookies } = await asks(world.browser)
    expect(setCookies.map(withoutHash)).toContainEqual('oidc.quiet=1; Max-Age=3600; Path=/; HttpOnly; SameSite=Lax')
    expect((await asks(world.browser)).text).toBe('home')
    world.browser.cookies.clear(({ name }) => name === world.cookie('.quiet'))
    expect(promptOf((await asks(world.browser)).location)).toBe('none')
  })

  test('CB33: is not made after a logout, by the route or by logout(), even where the provider knows the person', async () => {
    for (const path of ['/logout', '/out']) {
      const atProvider = { logout: { atProvider: false } }
      await startSilent({ oidc: atProvider, layers: [get('/out', ({ oidc }) => oidc.logout())] })
      await world.signIn()
      await world.browser.navigate(world.url(path), { ...follow, site: 'same-origin' })
      expect((await asks(world.browser)).text).toBe('home')
      expect(await subjectOf(world)).toBeNull()
      if (path === '/logout') await world.close()
    }
  })

  test.each([
    'login_required',
    'interaction_required',
    'consent_required',
    'account_selection_required',
    'access_denied',
  ])('CB33: that is answered with %s leads back, with no error and no session', async (error) => {
    await startSilent()
    const start = await asks(world.browser, '/me?tab=2')
    const { searchParams } = new URL(start.location ?? '')
    const parameters = { error, state: searchParams.get('state') ?? '', iss: world.provider.issuer }
    const response = withParameters(new URL(world.url('/callback')), parameters)
    const answer = await comeBack(response, world.browser)
    expect([answer.status, answer.headers.location]).toEqual([302, '/me?tab=2'])
    expect(world.host.journal.errors).toEqual([])
  })

  // Nobody has asked for it: what a provider leaves out (canaille sends no iss with errors) is no matter of a visitor's.
  test.each<[string, Record<string, string | undefined>]>([
    ['a refusal of the request', { error: 'invalid_scope' }],
    ['an error that no specification knows', { error: 'made_up' }],
    ['an outage', { error: 'server_error' }],
    ['an error without iss', { error: 'login_required', iss: undefined }],
    ['an error of another issuer', { error: 'login_required', iss: 'https://evil.example' }],
    ['a code of another issuer', { code: 'x', iss: 'https://evil.example' }],
    ['an invalid code', { code: 'x' }],
    ['parameters of another flow', { code: 'x', id_token: 'y' }],
  ])('CB33: that is answered with %s leads back, with no error and no session', async (_what, changes) => {
    await startSilent()
    const start = await asks(world.browser, '/me?tab=2')
    const { searchParams } = new URL(start.location ?? '')
    const parameters = { state: searchParams.get('state') ?? '', iss: world.provider.issuer, ...changes }
    const answer = await comeBack(withParameters(new URL(world.url('/callback')), parameters), world.browser)
    expect([answer.status, answer.headers.location]).toEqual([302, '/me?tab=2'])
    expect(world.host.journal.errors).toEqual([])
    expect(await subjectOf(world)).toBeNull()
  })

  test.each<[string, (state: string) => string]>([
    ['neither code nor error', (state) => `state=${state}`],
    ['both', (state) => `state=${state}&code=x&error=login_required`],
    ['empty ones', (state) => `state=${state}&code=&error=`],
    ['a repeated error', (state) => `state=${state}&error=login_required&error=login_required`],
    ['a repeated code', (state) => `state=${state}&code=x&code=y`],
    ['a repeated iss', (state) => `state=${state}&code=x&iss=a&iss=b`],
    ['a description without end', (state) => `state=${state}&error=x&error_description=${'a'.repeat(5000)}`],
    ['a nested state beside its own', (state) => `state=${state}&error=x&state[x]=y`],
  ])('CB33: that is answered with %s leads back, with no error and no session, once', async (_what, query) => {
    await startSilent()
    const start = await asks(world.browser, '/me?tab=2')
    const state = new URL(start.location ?? '').searchParams.get('state') ?? ''
    const answer = await comeBack(world.url(`/callback?${query(state)}`), world.browser)
    expect([answer.status, answer.headers.location]).toEqual([302, '/me?tab=2'])
    expect(transactionCookies(world.browser).size).toBe(0)
    expect(world.host.journal.errors).toEqual([])
    const stranger = await comeBack(world.url(`/callback?${query(state)}`), new Browser())
    expect([stranger.status, stranger.text.includes('content="0;url=/"')]).toEqual([200, true])
  })

  test('CB33: that is answered with two states is an unknown login, and an error', async () => {
    await startSilent()
    const start = await asks(world.browser, '/me')
    const state = new URL(start.location ?? '').searchParams.get('state') ?? ''
    const answer = await comeBack(world.url(`/callback?error=x&state=${state}&state=${state}`), world.browser)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_response'])
    expect(transactionCookies(world.browser).size).toBe(1)
  })

  test('CB33: whose code comes in the query instead of a form leads back', async () => {
    await startSilent({
      oidc: { authorizationParams: { response_mode: 'form_post' }, dangerouslyAllowHttp: true },
    })
    const start = await asks(world.browser, '/me')
    const state = new URL(start.location ?? '').searchParams.get('state') ?? ''
    const answer = await comeBack(world.url(`/callback?code=x&state=${state}`), world.browser)
    expect([answer.status, answer.headers.location]).toEqual([302, '/me'])
    expect(world.host.journal.errors).toEqual([])
  })

  test('CB33: that is answered by an unexpected form leads home, since browsers send no cookies with it', async () => {
    await startSilent()
    const start = await asks(world.browser, '/me')
    const known = new URL(start.location ?? '').searchParams.get('state') ?? ''
    const post = (state: string) => {
      const body = new URLSearchParams({ error: 'login_required', state })
      return world.browser.navigate(world.url('/callback'), { method: 'POST', site: 'cross-site', body })
    }
    const answer = await post(known)
    expect([answer.status, answer.text.includes('content="0;url=/"')]).toEqual([200, true])
    const other = await post('x')
    expect([other.status, codeOf(other)]).toEqual([405, 'method_not_allowed'])
  })

  test('CB33: whose session is too large for the browser leads back too', async () => {
    const oidc = { onLogin: () => ({ data: { much: randomBytes(8_000).toString('base64') } }) }
    await startSilent({ oidc: { ...oidc, session: { maxCookieBytes: 4_000 } } })
    await world.browser.navigate(world.url('/login'), follow)
    const page = await asks(world.browser, '/me')
    const answer = await comeBack(await throughProvider(world, page), world.browser)
    expect([answer.status, answer.headers.location]).toEqual([302, '/me'])
    expect(await subjectOf(world)).toBeNull()
  })

  test('CB33: that the provider refuses to start is given up, and not tried again at the next page', async () => {
    const httpClient = new SpoiltFetch()
    let asked = 0
    httpClient.spoil('/request', async () => {
      asked += 1
      return Response.json({ error: 'invalid_request' }, { status: 400 })
    })
    await startSilent({ oidc: { fetch: httpClient.fetch, pushedAuthorizationRequests: true } })
    for (let count = 0; count < 3; count += 1) expect((await asks(world.browser)).text).toBe('home')
    expect(asked).toBe(1)
  })

  test('CB33: for which onLogin fails is an error of the application', async () => {
    const onLogin = () => {
      throw new Error('the database is away')
    }
    await startSilent({ oidc: { onLogin } })
    await world.browser.navigate(world.url('/login'), follow)
    const page = await asks(world.browser, '/me')
    const answer = await comeBack(await throughProvider(world, page), world.browser)
    expect(answer.status).toBe(500)
  })

  test('CB33: leads back, too, where onLogin refuses the account or the code cannot be exchanged', async () => {
    const httpClient = new SpoiltFetch()
    let isWelcome = false
    await startSilent({ oidc: { fetch: httpClient.fetch, onLogin: () => isWelcome } })
    await world.browser.navigate(world.url('/login'), follow)
    world.browser.cookies.clear(({ name }) => name.startsWith('oidc'))
    for (const fault of [undefined, () => Promise.resolve(new Response('', { status: 503 }))]) {
      httpClient.spoil('/token', fault)
      world.browser.cookies.clear(({ name }) => name.startsWith('oidc'))
      const page = await world.browser.navigate(world.url('/me'), { ...follow, site: 'cross-site' })
      expect(page.json()).toMatchObject({ user: null })
      isWelcome = true
    }
  })

  test('CB33: does not block pages while the provider is unavailable', async () => {
    const httpClient = new SpoiltFetch()
    httpClient.spoil('/.well-known/openid-configuration', () => Promise.reject(new TypeError('fetch failed')))
    await startSilent({ oidc: { fetch: httpClient.fetch } })
    const page = await asks(world.browser)
    expect([page.status, page.text, page.setCookies]).toEqual([200, 'home', []])
  })

  test('CB33: asks an unavailable provider now and then, not for each visitor', async () => {
    const httpClient = new SpoiltFetch()
    let asked = 0
    httpClient.spoil('/request', () => {
      asked += 1
      return Promise.reject(new TypeError('fetch failed'))
    })
    await startSilent({ oidc: { fetch: httpClient.fetch, pushedAuthorizationRequests: true } })
    for (let count = 0; count < 6; count += 1) expect((await asks(new Browser())).text).toBe('home')
    expect(asked).toBe(2)
    httpClient.spoil('/request')
    world.clock.advance(60)
    expect((await asks(new Browser())).status).toBe(302)
  })

  test('CB33: of a browser without cookies leads to a page that goes home by itself, and is not made there', async () => {
    await startSilent()
    const browser = new Browser()
    const start = await browser.navigate(world.url('/me'), { omitCookies: true })
    const { searchParams } = new URL(start.location ?? '')
    const parameters = { error: 'login_required', state: searchParams.get('state') ?? '' }
    const response = withParameters(new URL(world.url('/callback')), parameters)
    const page = await browser.navigate(response.href, { omitCookies: true, site: 'cross-site' })
    expect([page.status, page.setCookies]).toEqual([200, []])
    expect(page.text).toContain('<meta http-equiv="refresh" content="0;url=/">')
    const home = await browser.navigate(world.url('/'), { omitCookies: true, site: 'same-origin' })
    expect([home.status, home.text, home.setCookies]).toEqual([200, 'home', []])
    const code = withParameters(response, { error: undefined, code: 'x' })
    expect((await browser.navigate(code.href, { omitCookies: true })).location).toBeUndefined()
  })

  test('CB33: that comes back late leads back, and starts no interactive login', async () => {
    await startSilent()
    const start = await asks(world.browser, '/me')
    const response = await throughProvider(world, start)
    world.clock.advance(601)
    const answer = await comeBack(response, world.browser)
    expect([answer.status, answer.headers.location]).toEqual([302, '/me'])
  })

  test('CB33: for the page of a guard is followed by an interactive login', async () => {
    await startSilent()
    const page = await world.browser.navigate(world.url('/private'), { ...follow, site: 'cross-site' })
    expect(page.json()).toEqual({ sub: 'alice' })
    const prompts = page.via.filter((url) => url.includes('response_type=code')).map(promptOf)
    expect(prompts).toEqual(['none', null])
  })

  test('CB33: signs nobody out whom the provider has forgotten', async () => {
    world = await startWorld()
    await world.signIn()
    forgetAtProvider(world.browser)
    await world.browser.navigate(world.url('/login?prompt=none'), follow)
    expect(await subjectOf(world)).toBe('alice')
  })
})
