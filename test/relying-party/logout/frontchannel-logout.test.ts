import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { SessionError } from '../../../lib/index.js'
import type { Answer, Browser, RequestOptions } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import type { Handler } from '../../hosts/layers.js'
import { withoutHash } from '../../hosts/cookie-names.js'
import { LogoutWorld } from '../../kit/world/logout-world.js'
import { codeOf } from '../../kit/world/steps.js'
import { FakeStore } from '../../kit/stores/memory.js'

let own: LogoutWorld
let browser: Browser

/** What the provider's page has a browser load in a frame; here the provider is another port of the same site. */
function frame(parameters: Record<string, string> | string, options: RequestOptions = {}): Promise<Answer> {
  const query = new URLSearchParams(parameters)
  return browser.request('iframe', own.world.url(`/frontchannel-logout?${query}`), { site: 'same-site', ...options })
}

// As helmet does it for every route of an application.
const helmet: Handler = (_req, res, next) => {
  res.setHeader('X-Frame-Options', 'SAMEORIGIN')
  res.setHeader('Content-Security-Policy', "default-src 'self'; frame-ancestors 'self'")
  next()
}

describe.each(hosts)('front-channel logout on $name', (host) => {
  let iss: string
  let sid: string
  beforeAll(async () => {
    own = await LogoutWorld.start({ host, before: [helmet] })
    iss = own.world.provider.issuer
  })
  afterAll(() => own.close())
  beforeEach(async () => {
    browser = await own.signedIn()
    sid = await own.sidOf(browser)
  })

  test('ends the session that iss and sid name, and removes its cookies', async () => {
    const answer = await frame({ iss, sid })
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(answer.setCookies.map((line) => /^(\w+)=;/.exec(withoutHash(line))?.[1])).toEqual(['oidc'])
    expect(await own.who(browser)).toBeNull()
  })

  test('FC03: may be framed by the provider alone, and is never cached', async () => {
    const { headers } = await frame({ iss, sid })
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; base-uri 'none'; frame-ancestors ${new URL(iss).origin}`,
    )
    expect(headers['x-frame-options']).toBeUndefined()
    expect(headers['cache-control']).toBe('no-store')
    const other = await browser.navigate(own.world.url('/me'))
    expect(other.headers).toMatchObject({ 'x-frame-options': 'SAMEORIGIN' })
  })

  test.each<[string, () => Record<string, string> | string]>([
    ['nothing', () => ''],
    ['no iss', () => ({ sid })],
    ['no sid', () => ({ iss })],
    ['an empty sid', () => ({ iss, sid: '' })],
    ['another iss', () => ({ iss: `${iss}/`, sid })],
    ['two of iss', () => `${new URLSearchParams({ iss, sid })}&iss=x`],
    ['two of sid', () => `${new URLSearchParams({ iss, sid })}&sid=x`],
  ])('FC01: with %s is refused with 400, and ends nothing', async (_what, parameters) => {
    const answer = await frame(parameters())
    expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([400, 'invalid_response', []])
    expect(await own.who(browser)).toBe('alice')
  })

  test('FC01: with the sid of another session ends neither session', async () => {
    const other = await own.signedIn('/bob')
    const answer = await frame({ iss, sid: await own.sidOf(other) })
    expect([answer.status, answer.setCookies]).toEqual([200, []])
    expect([await own.who(browser), await own.who(other)]).toEqual(['alice', 'bob'])
  })

  test('FC02: in a frame of another site has no cookie, and ends nothing', async () => {
    const answer = await frame({ iss, sid }, { site: 'cross-site' })
    expect([answer.status, answer.setCookies]).toEqual([200, []])
    expect(await own.who(browser)).toBe('alice')
  })

  test('FC01: does not reveal whether someone is signed in', async () => {
    const tell = ({ status, text, headers }: Answer) => [status, text, headers['content-security-policy']]
    const wrong = tell(await frame({ iss, sid: 'another' }))
    const nobody = tell(await frame({ iss, sid }, { omitCookies: true }))
    expect([wrong, tell(await frame({ iss, sid }))]).toEqual([nobody, nobody])
  })

  test.each(['POST', 'HEAD', 'PUT'])('by %s is answered with 405', async (method) => {
    const answer = await frame({ iss, sid }, { method })
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET'])
    expect(await own.who(browser)).toBe('alice')
  })
})

describe('front-channel logout', () => {
  afterEach(() => own.close())

  test('ends other sessions of the same sign-in whose cookie the browser has lost', async () => {
    own = await LogoutWorld.start()
    browser = await own.signedIn()
    const sid = await own.sidOf(browser)
    const copied = browser.cookies.header({ url: new URL(own.world.url('/')), crossSite: false, safeNavigation: true })
    browser.cookies.clear(({ name }) => name === own.world.cookie())
    await browser.navigate(own.world.url('/login'), { follow: true })
    expect(await own.sidOf(browser)).toBe(sid)
    await frame({ iss: own.world.provider.issuer, sid })
    const replayed = await browser.fetch(own.world.url('/me'), { headers: { cookie: copied ?? '' } })
    expect(replayed.json()).toEqual({ user: null, auth: null })
  })

  test('is a 503 while the store is unavailable, and the session goes on', async () => {
    const sharedStore = new FakeStore({ now: () => Date.now() })
    own = await LogoutWorld.start({ oidc: { session: { store: sharedStore } } })
    browser = await own.signedIn()
    const sid = await own.sidOf(browser)
    sharedStore.before = ({ operation }) => {
      if (operation === 'add') throw new SessionError('session_store_unavailable', 'the memory is away')
    }
    const answer = await frame({ iss: own.world.provider.issuer, sid })
    expect([answer.status, answer.setCookies]).toEqual([503, []])
    sharedStore.before = () => undefined
    expect(await own.who(browser)).toBe('alice')
  })

  test('has its place below the base URL, where the application says', async () => {
    own = await LogoutWorld.start({ below: '/app', oidc: { routes: { frontchannelLogout: '/bye' } } })
    browser = await own.signedIn('/app/login')
    const query = new URLSearchParams({ iss: own.world.provider.issuer, sid: 'x' })
    expect((await browser.request('iframe', own.world.url(`/app/bye?${query}`))).status).toBe(200)
    expect((await frame(Object.fromEntries(query))).status).toBe(404)
  })
})
