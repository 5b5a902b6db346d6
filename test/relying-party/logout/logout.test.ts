import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Answer, Browser, type RequestKind, type RequestOptions, type BaseUrl } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import type { Handler } from '../../hosts/layers.js'
import { withoutHash } from '../../hosts/cookie-names.js'
import { changed, codeOf, SpoiltFetch, subjectOf } from '../../kit/world/steps.js'
import type { AppRequest } from '../../kit/app.js'
import { startWorld, type World } from '../../kit/world/world.js'

let world: World
let browser: Browser

function logout(options: RequestOptions = {}): Promise<Answer> {
  return browser.navigate(world.url('/logout'), { site: 'same-origin', ...options })
}

async function isSignedIn(): Promise<boolean> {
  return (await subjectOf(world, browser)) !== null
}

describe.each(hosts)('a logout on $name', (host) => {
  const local: Handler = (req, _res, next) => void (req as AppRequest).oidc.logout({ local: true }).catch(next)
  const whole: Handler = (req, _res, next) => void (req as AppRequest).oidc.logout().catch(next)
  beforeAll(async () => {
    const layers = [
      { mount: '/leave', handlers: [local] },
      { mount: '/leave-all', handlers: [whole] },
    ]
    world = await startWorld({ host, layers })
  })
  afterAll(() => world.close())
  beforeEach(async () => {
    browser = new Browser()
    await browser.navigate(world.url('/private'), { follow: true })
    expect(await isSignedIn()).toBe(true)
  })

  test('ends the session here and at the provider, and comes back', async () => {
    const page = await logout({ follow: true })
    expect(page).toMatchObject({ status: 200, url: world.url('/'), text: 'home' })
    expect(page.via.some((url) => url.startsWith(`${world.provider.issuer}/session/end`))).toBe(true)
    expect(await isSignedIn()).toBe(false)
  })

  test('LO03, LO04: names the ID Token, the client and the registered target', async () => {
    const { location = '', status } = await logout()
    const { searchParams } = new URL(location)
    expect(status).toBe(302)
    expect(Object.fromEntries(searchParams)).toMatchObject({
      client_id: 'web',
      post_logout_redirect_uri: world.url('/'),
    })
    const [, claims = ''] = (searchParams.get('id_token_hint') ?? '').split('.')
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ sub: 'alice', aud: 'web' })
    expect(searchParams.get('state')).toMatch(/^logout\.[\w-]{43}$/)
    const names = ['client_id', 'id_token_hint', 'post_logout_redirect_uri', 'state']
    expect([...searchParams.keys()].sort()).toEqual(names)
  })

  test('LO04: takes no parameters of the provider’s request from its query', async () => {
    const query = 'returnTo=https://evil.example&post_logout_redirect_uri=https://evil.example&id_token_hint=a&state=b'
    const { location = '' } = await browser.navigate(world.url(`/logout?${query}`), { site: 'same-origin' })
    expect(location).not.toContain('evil')
    const { searchParams } = new URL(location)
    expect(searchParams.get('post_logout_redirect_uri')).toBe(world.url('/'))
    expect(searchParams.get('state')).toMatch(/^logout\.[\w-]{43}$/)
    const end = await browser.navigate(location, { follow: true })
    expect(end.url).toBe(world.url('/'))
  })

  test('removes the cookies, and does not clear the browser’s cache', async () => {
    const answer = await logout()
    const named = answer.setCookies.map(withoutHash)
    const passing = named.filter((line) => line.startsWith('oidc.bye='))
    const lasting = named.filter((line) => !line.startsWith('oidc.bye='))
    expect(lasting.map((line) => line.split('=', 1)[0]).sort()).toEqual(['oidc', 'oidc.loop', 'oidc.out'])
    // It comes, changes and goes, so that Chromium drops the pages that it keeps for Back.
    expect(passing.map((line) => /^oidc\.bye=([^;]*); Max-Age=(\d)/.exec(line)?.slice(1))).toEqual([
      ['1', '1'],
      ['2', '1'],
      ['', '0'],
    ])
    const [out = '', ...removed] = [...lasting].sort((a, b) => Number(/out=/.test(b)) - Number(/out=/.test(a)))
    for (const line of removed) expect(line).toMatch(/^[\w.]+=; Max-Age=0; /)
    expect(out).toMatch(/^oidc\.out=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/)
    await browser.navigate(answer.location ?? '', { follow: true })
    // Chromium takes seconds to empty a large cache, and keeps the page for Back all the same.
    expect(answer.headers['clear-site-data']).toBeUndefined()
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(browser.cookies.all().filter(({ name }) => name.startsWith('oidc'))).toEqual([])
  })

  test.each<[string, number, RequestKind, () => RequestOptions]>([
    ['a link of this site', 302, 'navigate', () => ({ site: 'same-origin' })],
    ['the address bar', 302, 'navigate', () => ({ site: 'none' })],
    ['a form of this site', 200, 'navigate', () => ({ site: 'same-origin', method: 'POST' })],
    ['a fetch of this site', 200, 'fetch', () => ({ method: 'POST' })],
    ['a post that says where it is from', 303, 'none', () => ({ method: 'POST', headers: { origin: world.url('') } })],
    ['a program that holds the cookie', 303, 'none', () => ({ method: 'POST' })],
  ])('LO01: by %s ends the session, with %d', async (_how, status, kind, options) => {
    const answer = await browser.request(kind, world.url('/logout'), options())
    expect(answer.status).toBe(status)
    expect(await isSignedIn()).toBe(false)
  })

  test.each<[string, 'image' | 'iframe' | 'fetch' | 'none', BaseUrl, string]>([
    ['an image of another site', 'image', 'cross-site', 'cross_site_request'],
    ['an image of this site', 'image', 'same-origin', 'not_allowed'],
    ['a frame of another site', 'iframe', 'cross-site', 'cross_site_request'],
    ['a frame of this site', 'iframe', 'same-origin', 'not_allowed'],
    ['a fetch of another site', 'fetch', 'cross-site', 'cross_site_request'],
    ['a fetch of this site by GET', 'fetch', 'same-origin', 'not_allowed'],
    ['something that says nothing of itself', 'none', 'none', 'cross_site_request'],
  ])('LO01: by %s ends nothing, with 403', async (_how, kind, site, code) => {
    const answer = await browser.request(kind, world.url('/logout'), { site, headers: cookiesOf(browser) })
    expect([answer.status, codeOf(answer)]).toEqual([403, code])
    expect(answer.setCookies).toEqual([])
    expect(await isSignedIn()).toBe(true)
  })

  test.each<[string, RequestKind, Record<string, string>]>([
    ['another site', 'navigate', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another site that sends no Origin', 'navigate', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling subdomain', 'navigate', { 'sec-fetch-site': 'same-site', origin: 'https://blog.example' }],
    ['another site in an old browser', 'none', { origin: 'https://evil.example' }],
    ['a sandbox in an old browser', 'none', { origin: 'null' }],
    ['another port in an old browser', 'none', { origin: 'http://127.0.0.1:1' }],
  ])('LO01: by a form of %s ends nothing, with 403', async (_how, kind, headers) => {
    const options = { method: 'POST', headers: { ...headers, ...cookiesOf(browser) } }
    const answer = await browser.request(kind, world.url('/logout'), options)
    expect([answer.status, codeOf(answer)]).toEqual([403, 'cross_site_request'])
    expect(answer.setCookies).toEqual([])
    expect(await isSignedIn()).toBe(true)
  })

  test.each(['cross-site', 'same-site'] as const)(
    'LO01: by a link from %s asks first, and the button works',
    async (site) => {
      const page = await logout({ site })
      expect([page.status, page.headers['content-type'], page.setCookies]).toEqual([
        200,
        'text/html; charset=utf-8',
        [],
      ])
      expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
      expect(page.headers['cache-control']).toBe('no-store')
      expect(page.text).toContain('<form method="post" action="/logout">')
      expect(page.text).not.toContain('<script')
      expect(await isSignedIn()).toBe(true)
      // With no-referrer, browsers would send "Origin: null" with the form, and nothing else where they lack Sec-Fetch-Site.
      expect(page.text).toContain('<meta name="referrer" content="same-origin">')
      const answer = await browser.request('none', world.url('/logout'), {
        method: 'POST',
        headers: { origin: world.url('') },
      })
      expect(answer.status).toBe(303)
      expect(await isSignedIn()).toBe(false)
    },
  )

  test.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS'])('by %s is answered with 405', async (method) => {
    const answer = await logout({ method })
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, POST'])
    expect(await isSignedIn()).toBe(true)
  })

  test.each([
    ['sec-purpose', 'prefetch'],
    ['purpose', 'prefetch'],
  ])('LO01: that is prefetched (%s) ends nothing', async (name, value) => {
    const answer = await logout({ headers: { [name]: value } })
    expect(answer.location).toBeUndefined()
    expect(await isSignedIn()).toBe(true)
  })

  test('LO02: that comes twice, or without a session, is not an error', async () => {
    for (let times = 0; times < 2; times += 1) {
      const page = await logout({ follow: true })
      expect([page.status, page.url]).toEqual([200, world.url('/')])
    }
    const nobody = await new Browser().navigate(world.url('/logout'), { site: 'same-origin' })
    const { searchParams } = new URL(nobody.location ?? '')
    expect([nobody.status, searchParams.get('client_id'), searchParams.has('id_token_hint')]).toEqual([
      302,
      'web',
      false,
    ])
  })

  test('that the application asks for ends the session here, or everywhere', async () => {
    const here = await browser.navigate(world.url('/leave'))
    expect([here.status, here.location]).toEqual([302, world.url('/')])
    expect(await isSignedIn()).toBe(false)
    await browser.navigate(world.url('/private'), { follow: true })
    const everywhere = await browser.navigate(world.url('/leave-all'))
    expect(new URL(everywhere.location ?? '').origin).toBe(world.provider.issuer)
    expect(await isSignedIn()).toBe(false)
  })
})

describe.each(hosts)('a logout while the provider is unavailable, on $name', (host) => {
  afterEach(() => world.close())

  test('LO02: still ends the session here', async () => {
    const httpClient = new SpoiltFetch()
    world = await startWorld({ host, oidc: { fetch: httpClient.fetch } })
    browser = world.browser
    await world.signIn()
    httpClient.spoil('/.well-known/openid-configuration', () => Promise.reject(new TypeError('fetch failed')))
    world.clock.advance(7_200)
    await world.provider.close()
    const answer = await logout()
    expect(answer.status).toBe(302)
    expect(await isSignedIn()).toBe(false)
  })

  test('LO02: from the first request on, leads home', async () => {
    const httpClient = new SpoiltFetch()
    httpClient.spoil('/.well-known/openid-configuration', () => Promise.reject(new TypeError('fetch failed')))
    world = await startWorld({ host, oidc: { fetch: httpClient.fetch } })
    browser = world.browser
    const answer = await logout()
    expect([answer.status, answer.location]).toEqual([302, world.url('/')])
  })
})

describe('a logout', () => {
  afterEach(() => world.close())

  test('LO02: leads home where the provider has no end_session_endpoint', async () => {
    const httpClient = new SpoiltFetch()
    const without = changed(({ end_session_endpoint: _, ...rest }) => rest)
    httpClient.spoil('/.well-known/openid-configuration', without)
    world = await startWorld({ oidc: { fetch: httpClient.fetch } })
    browser = world.browser
    await world.signIn()
    const answer = await logout()
    expect([answer.status, answer.location]).toEqual([302, world.url('/')])
    expect(await isSignedIn()).toBe(false)
  })

  test('stays here where the application says so, and ends at the page that it names', async () => {
    world = await startWorld({ oidc: { logout: { atProvider: false, returnTo: '/bye' } } })
    browser = world.browser
    await world.signIn()
    const answer = await logout()
    expect([answer.status, answer.location]).toEqual([302, world.url('/bye')])
    expect(await isSignedIn()).toBe(false)
  })

  test('LO05: trusts no parameter that comes back from the provider', async () => {
    world = await startWorld()
    browser = world.browser
    await world.signIn()
    const page = await browser.navigate(world.url('/?state=forged&returnTo=//evil.example'), { site: 'cross-site' })
    expect([page.status, page.text]).toEqual([200, 'home'])
    expect(await isSignedIn()).toBe(true)
  })
})

/** All cookies, as a browser without SameSite would send them. */
function cookiesOf({ cookies }: Browser): Record<string, string> {
  const header = cookies.header({ url: new URL(world.url('/')), crossSite: false, safeNavigation: true })
  return header === undefined ? {} : { cookie: header }
}
