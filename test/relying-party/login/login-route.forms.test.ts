import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { AccessError, type OidcError, requireAuth } from '../../../lib/index.js'
import { type Answer, Browser, type RequestOptions } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import type { Handler } from '../../hosts/layers.js'
import { guarded, post } from '../../kit/world/applications.js'
import { onwardUrl } from '../../kit/world/onward.js'
import { comeBack, SpoiltFetch, toCallback, withParameters } from '../../kit/world/steps.js'
import { json } from '../../kit/app.js'
import { startWorld, type World } from '../../kit/world/world.js'

let world: World
let browser: Browser
beforeEach(() => {
  browser = new Browser()
})

const form = (path: string, options: RequestOptions = {}): Promise<Answer> =>
  browser.navigate(world.url(path), { method: 'POST', site: 'same-origin', ...options })
const from = (page: string): RequestOptions => ({ headers: { referer: page } })
/** Goes on from a page of ours through the provider, to where the login ends. */
const finish = (page: Answer): Promise<Answer> =>
  browser.navigate(onwardUrl(page), { site: 'same-origin', follow: true })

describe.each(hosts)('a form whose response is a login, on $name', (host) => {
  beforeAll(async () => {
    const end: Handler = (_req, res) => res.end('saved')
    world = await startWorld({
      host,
      layers: [
        post('/start', ({ oidc }) => oidc.login()),
        post('/start-there', ({ oidc }) => oidc.login({ returnTo: '/me' })),
        { method: 'POST', path: '/save', handlers: [requireAuth(), end] },
        { method: 'POST', path: '/redirect', handlers: [requireAuth({ challenge: 'redirect' }), end] },
      ],
    })
  })
  afterAll(() => world.close())

  test.each(['/start', '/start-there', '/redirect'])('gets a page that goes on by itself: %s', async (path) => {
    const page = await form(path)
    expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-store',
    ])
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(new URL(onwardUrl(page)).origin).toBe(world.provider.issuer)
  })

  test.each([
    ['/start', '/me?a=1'],
    ['/redirect', '/me?a=1'],
  ])('ends at the page that the form was on: %s', async (path, page) => {
    expect((await finish(await form(path, from(world.url(page))))).url).toBe(world.url(page))
  })

  test('ends where the application says, if it says so', async () => {
    expect((await finish(await form('/start-there', from(world.url('/private'))))).url).toBe(world.url('/me'))
  })

  test.each(['https://evil.example/me', 'nonsense', '/me', undefined])('ends at home from %p', async (referer) => {
    const options = referer === undefined ? {} : from(referer)
    const page = await form('/redirect', options)
    expect((await finish(page)).url).toBe(world.url(referer === '/me' ? '/me' : '/'))
  })

  test('at a guard, from somebody whose session has ended, gets the error page of the application', async () => {
    const seen = world.host.journal.errors.length
    const answer = await form('/save', from(world.url('/me?a=1')))
    expect([answer.status, answer.json()]).toEqual([401, { code: 'login_needed', message: 'sign in to see this' }])
    const error = world.host.journal.errors[seen]
    expect(error).toBeInstanceOf(AccessError)
    expect((error as AccessError).loginUrl).toBe(world.url('/login?returnTo=%2Fme%3Fa%3D1'))
  })

  test('to our own login route needs only a button', async () => {
    const page = await form('/login', { body: new URLSearchParams({ returnTo: '/me?a=1', prompt: 'login' }) })
    expect(onwardUrl(page)).toBe(world.url('/login?returnTo=%2Fme%3Fa%3D1&prompt=login'))
    expect((await finish(page)).url).toBe(world.url('/me?a=1'))
    const plain = await form('/login?returnTo=/me', { body: new URLSearchParams({ x: '1' }) })
    expect(onwardUrl(plain)).toBe(world.url('/login?returnTo=%2Fme'))
  })

  test('that a script sends is redirected as before', async () => {
    const answer = await browser.fetch(world.url('/redirect'), { method: 'POST' })
    expect([answer.status, new URL(answer.location ?? '').origin]).toEqual([303, world.provider.issuer])
  })
})

describe('the URL to try a login again', () => {
  const tries: (readonly [string, string])[] = []
  const httpClient = new SpoiltFetch()
  beforeAll(async () => {
    const onError = (error: Error, { retryUrl, res }: { retryUrl: string; res: unknown }): void => {
      tries.push([(error as OidcError).code, retryUrl])
      json(res as Parameters<typeof json>[0], {})
    }
    const returnTo = { origins: ['https://www.example.com'] }
    const respond = guarded('/respond', requireAuth({ challenge: 'respond' }))
    world = await startWorld({ oidc: { onError, returnTo, fetch: httpClient.fetch }, layers: [respond] })
  })
  afterAll(() => world.close())
  afterEach(() => {
    httpClient.spoil('/token')
    tries.splice(0)
  })
  const target = (path: string): string => world.url(`/login?${new URLSearchParams({ returnTo: path }).toString()}`)

  test('leads after a failure to the page that the login was for', async () => {
    httpClient.spoil('/token', async () => new Response('', { status: 503 }))
    await comeBack(await toCallback(world, { browser, login: '/private?a=b' }), browser)
    expect(tries).toEqual([['provider_unavailable', target('/private?a=b')]])
  })

  test('leads there after a cancelled or forged login, too', async () => {
    for (const changes of [{ error: 'access_denied', code: undefined }, { iss: 'https://evil.example' }]) {
      await comeBack(withParameters(await toCallback(world, { browser, login: '/private' }), changes), browser)
    }
    expect(tries).toEqual([
      ['access_denied', target('/private')],
      ['issuer_mismatch', target('/private')],
    ])
  })

  test('leads at a guard to the page, or to the page of the script or form', async () => {
    await browser.navigate(world.url('/respond?a=1'))
    await browser.fetch(world.url('/private'), from(world.url('/app?tab=2#x')))
    await form('/private', from(world.url('/app')))
    expect(tries.slice(0, 2)).toEqual([
      ['login_needed', target('/respond?a=1')],
      ['login_needed', target('/app?tab=2#x')],
    ])
  })

  test.each([
    'https://evil.example/app',
    'https://www.example.com/app',
    'http://127.0.0.1:1/app',
    '//evil.example',
    '/logout',
    `/${'x'.repeat(3_000)}`,
  ])('is never a page of another origin, nor one of our routes: %s', async (referer) => {
    await browser.fetch(world.url('/private'), from(referer === '/logout' ? world.url(referer) : referer))
    expect(tries).toEqual([['login_needed', world.url('/login')]])
  })

  test('leads to the target of a login that a script fetched, or to the page that the script runs on', async () => {
    await browser.fetch(world.url('/login?returnTo=/me'), from(world.url('/app')))
    await browser.fetch(world.url('/login'), from(world.url('/app')))
    expect(tries).toEqual([
      ['login_needed', target('/me')],
      ['login_needed', target('/app')],
    ])
  })
})

describe('login_url', () => {
  test('names the page that a script runs on', async () => {
    world = await startWorld()
    const answer = await browser.fetch(world.url('/private'), from(world.url('/app?tab=2')))
    expect(answer.json()).toMatchObject({
      code: 'login_needed',
      login_url: world.url('/login?returnTo=%2Fapp%3Ftab%3D2'),
    })
    await world.close()
  })
})
