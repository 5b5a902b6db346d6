import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import type { Handler } from '../../hosts/layers.js'
import {
  codeOf,
  comeBack,
  SpoiltFetch,
  subjectOf,
  throughProvider,
  toCallback,
  transactionCookies,
} from '../../kit/world/steps.js'
import type { AppRequest } from '../../kit/app.js'
import { startWorld, type World } from '../../kit/world/world.js'

let world: World
let browser: Browser

describe.each(hosts)('a login on $name', (host) => {
  const login: Handler = (req, _res, next) => {
    const options = { authorizationParams: { login_hint: 'bob', ui_locales: 'de' }, maxAge: 3_600 }
    ;(req as AppRequest).oidc.login(options).catch(next)
  }
  const injected: Handler = (req, _res, next) => {
    ;(req as AppRequest).oidc.login({ authorizationParams: { redirect_uri: 'https://evil.example' } }).catch(next)
  }
  beforeAll(async () => {
    world = await startWorld({
      host,
      layers: [
        { mount: '/sign-in-here', handlers: [login] },
        { mount: '/injected', handlers: [injected] },
      ],
    })
  })
  afterAll(() => world.close())
  beforeEach(() => {
    browser = new Browser()
  })

  test('ends at the page that was asked for, with a session', async () => {
    const page = await browser.navigate(world.url('/private?tab=2'), { follow: true })
    expect(page).toMatchObject({ status: 200, url: world.url('/private?tab=2') })
    expect(page.json()).toEqual({ sub: 'alice' })
  })

  test('that starts at the login route ends at home, or where returnTo says', async () => {
    expect((await browser.navigate(world.url('/login'), { follow: true })).url).toBe(world.url('/'))
    const page = await browser.navigate(world.url('/login?returnTo=%2Fprivate%3Ftab%3D3'), { follow: true })
    expect(page.url).toBe(world.url('/private?tab=3'))
  })

  test('uses the code flow, all of its protections, and no other parameters', async () => {
    const { location = '' } = await browser.navigate(world.url('/login'))
    const { searchParams } = new URL(location)
    expect([...searchParams.keys()].sort()).toEqual(
      [
        'client_id',
        'code_challenge',
        'code_challenge_method',
        'nonce',
        'redirect_uri',
        'response_type',
        'scope',
        'state',
      ].sort(),
    )
    expect(Object.fromEntries(searchParams)).toMatchObject({
      client_id: 'web',
      response_type: 'code',
      scope: 'openid profile email',
      redirect_uri: world.url('/callback'),
    })
  })

  test('may be started by any GET that a browser can send', async () => {
    for (const headers of [{}, { accept: 'text/html' }, { 'sec-fetch-site': 'cross-site' }]) {
      expect((await browser.request('none', world.url('/login'), { headers })).status).toBe(302)
    }
  })

  test.each(['fetch', 'image', 'iframe'] as const)('is not started by a request of kind %s', async (kind) => {
    const answer = await browser.request(kind, world.url('/login'))
    expect([answer.status, answer.headers['content-type']]).toEqual([401, 'application/problem+json'])
    expect(answer.json()).toMatchObject({ code: 'login_needed', login_url: world.url('/login') })
    expect(answer.setCookies).toEqual([])
  })

  test.each([
    ['sec-purpose', 'prefetch;anonymous-client-ip'],
    ['purpose', 'prefetch'],
    ['x-moz', 'prefetch'],
  ])('is not started by a prefetch (%s: %s)', async (name, value) => {
    const answer = await browser.navigate(world.url('/login'), { headers: { [name]: value } })
    expect(answer.location).toBeUndefined()
    expect(answer.status).toBe(401)
    expect(answer.setCookies).toEqual([])
  })

  test.each(['HEAD', 'PUT', 'DELETE'])('is not started by %s', async (method) => {
    const answer = await browser.navigate(world.url('/login'), { method })
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, POST'])
    expect(answer.setCookies).toEqual([])
  })

  test('that the application starts carries its parameters, and returns to its page', async () => {
    const start = await browser.navigate(world.url('/sign-in-here?x=1'))
    const { searchParams } = new URL(start.location ?? '')
    expect(Object.fromEntries(searchParams)).toMatchObject({ login_hint: 'bob', ui_locales: 'de', max_age: '3600' })
    const answer = await comeBack(await throughProvider(world, start, browser), browser)
    expect(answer.location).toBe(world.url('/sign-in-here?x=1'))
    expect(await subjectOf(world, browser)).toBe('bob')
  })

  test('that would set a parameter of the protocol is a mistake of the application', async () => {
    const answer = await browser.navigate(world.url('/injected'))
    expect([answer.status, codeOf(answer), answer.location]).toEqual([500, 'invalid_options', undefined])
  })

  test('that is cancelled is reported with 403, and the next one works', async () => {
    const callback = await toCallback(world, { browser })
    const cancelled = new URL(callback)
    cancelled.searchParams.delete('code')
    cancelled.searchParams.set('error', 'access_denied')
    const answer = await comeBack(cancelled, browser)
    expect([answer.status, codeOf(answer)]).toEqual([403, 'access_denied'])
    expect(transactionCookies(browser).size).toBe(0)
    await browser.navigate(world.url('/private'), { follow: true })
    expect(await subjectOf(world, browser)).toBe('alice')
  })

  test('calls next once where it calls it, and never where it answers', () => {
    const passages = world.host.journal.passages.filter(({ name }) => name === 'oidc')
    expect(passages.filter(({ nexts }) => nexts > 1)).toEqual([])
    const answered = passages.filter(({ target, errors }) => target === '/login' && errors.length === 0)
    expect(answered.length).toBeGreaterThan(0)
    expect(answered.filter(({ nexts }) => nexts > 0)).toEqual([])
    expect(world.host.journal.rejections).toEqual([])
  })
})

describe.each(hosts)('an outage on $name', (host) => {
  const httpClient = new SpoiltFetch()
  beforeEach(async () => {
    httpClient.spoil('/.well-known/openid-configuration', () => Promise.reject(new TypeError('fetch failed')))
    world = await startWorld({ host, oidc: { fetch: httpClient.fetch } })
  })
  afterEach(async () => {
    await world.close()
  })

  test('of the provider answers a login with 503 and Retry-After, shows no cookie, and is temporary', async () => {
    for (const path of ['/login', '/private']) {
      const answer = await world.browser.navigate(world.url(path))
      expect([answer.status, codeOf(answer)]).toEqual([503, 'provider_unreachable'])
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
      expect(answer.setCookies).toEqual([])
    }
    expect((await world.browser.navigate(world.url('/'))).text).toBe('home')
    httpClient.spoil('/.well-known/openid-configuration')
    world.clock.advance(60)
    await world.signIn('/private')
    expect(await subjectOf(world)).toBe('alice')
  })

  test('does not sign people out', async () => {
    httpClient.spoil('/.well-known/openid-configuration')
    await world.signIn('/private')
    await world.provider.close()
    expect(await subjectOf(world)).toBe('alice')
    expect((await world.browser.navigate(world.url('/private'))).status).toBe(200)
  })
})
