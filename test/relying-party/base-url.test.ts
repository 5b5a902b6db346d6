import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { requireAuth } from '../../lib/index.js'
import { Browser } from '../hosts/client.js'
import { hosts } from '../hosts/hosts.js'
import { rawRequest, subjectOf, throughProvider, toCallback } from '../kit/world/steps.js'
import { startWorld, type World } from '../kit/world/world.js'

const evil = 'evil.example'
const forwarded: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['Host', { host: evil }],
  ['Host with a port', { host: `${evil}:443` }],
  ['Host with an at sign', { host: `127.0.0.1@${evil}` }],
  ['Host with a path', { host: `${evil}/path?` }],
  ['X-Forwarded-Host', { 'x-forwarded-host': evil }],
  ['X-Forwarded-Host as a list', { 'x-forwarded-host': `${evil}, 127.0.0.1` }],
  ['X-Forwarded-Proto', { 'x-forwarded-proto': 'https' }],
  ['X-Forwarded-Port', { 'x-forwarded-port': '8443' }],
  ['X-Forwarded-Prefix', { 'x-forwarded-prefix': `//${evil}` }],
  ['X-Forwarded-Uri', { 'x-forwarded-uri': `//${evil}/` }],
  ['X-Original-URL', { 'x-original-url': `//${evil}/` }],
  ['X-Rewrite-URL', { 'x-rewrite-url': '/callback' }],
  ['Forwarded', { forwarded: `host=${evil};proto=https` }],
  ['X-Host', { 'x-host': evil, 'x-forwarded-server': evil, 'x-http-host-override': evil }],
  ['Referer and Origin', { referer: `https://${evil}/`, origin: `https://${evil}` }],
]
let world: World
let browser: Browser

describe.each(hosts)('an application on $name', (host) => {
  beforeAll(async () => {
    world = await startWorld({ host })
  })
  afterAll(() => world.close())
  beforeEach(() => {
    browser = new Browser()
  })

  test.each(forwarded)('HH01: lets %s reach neither redirect_uri nor the cookies', async (_name, headers) => {
    for (const path of ['/login', '/private']) {
      const answer = await browser.navigate(world.url(path), { headers })
      const asked = new URL(answer.location ?? '')
      expect([answer.status, asked.origin]).toEqual([302, world.provider.issuer])
      expect(asked.searchParams.get('redirect_uri')).toBe(world.url('/callback'))
      expect(answer.setCookies.join()).not.toMatch(/domain|secure/i)
      expect(JSON.stringify([answer.headers, answer.text])).not.toContain(evil)
    }
  })

  test.each(forwarded)(
    'HH01: lets %s reach neither the code exchange nor the target of the callback',
    async (_name, headers) => {
      const callback = await toCallback(world, { browser, login: '/private' })
      const answer = await browser.navigate(callback.href, { headers })
      expect([answer.status, answer.headers.location]).toEqual([302, '/private'])
      expect(await subjectOf(world, browser)).toBe('alice')
    },
  )

  test.each(forwarded.filter(([name]) => name !== 'Referer and Origin'))(
    'HH01: lets %s reach no URL of the logout',
    async (_name, headers) => {
      await browser.navigate(world.url('/login'), { follow: true })
      const answer = await browser.navigate(world.url('/logout'), { headers, site: 'same-origin' })
      expect(new URL(answer.location ?? '').searchParams.get('post_logout_redirect_uri')).toBe(world.url('/'))
      expect(answer.location).not.toContain(evil)
    },
  )

  test.each(forwarded)('HH01: lets %s reach no login_url', async (_name, headers) => {
    const answer = await browser.fetch(world.url('/private'), { headers })
    expect(answer.json()).toMatchObject({ code: 'login_needed', login_url: world.url('/login') })
    expect(answer.text).not.toContain(evil)
  })

  test.each([
    ['absolute form', (path: string) => `http://${evil}${path}`],
    ['absolute form of another scheme', (path: string) => `https://${evil}:8443${path}`],
    ['absolute form with a user', (path: string) => `http://127.0.0.1@${evil}${path}`],
  ])('HH01: treats a request line in %s as one for itself, and ignores its host', async (_form, target) => {
    const answer = await raw(`GET ${target('/login?returnTo=/private')}`)
    const { searchParams, origin } = new URL(locationOf(answer) ?? '')
    expect([statusOf(answer), origin]).toEqual([302, world.provider.issuer])
    expect(searchParams.get('redirect_uri')).toBe(world.url('/callback'))
    expect(answer).not.toContain(evil)
  })

  test('HH01: leads a login that a request line in absolute form started to its own path', async () => {
    const guarded = await startWorld({ host, layers: [requireAuth()] })
    const answer = await rawRequest(guarded.url(''), head(guarded, `GET http://${evil}/page?q=1`))
    const start = { ...(await guarded.browser.navigate(guarded.url('/login'))), location: locationOf(answer) }
    const callback = await throughProvider(guarded, start)
    const cookie = /^set-cookie: ([^;]+)/im.exec(answer)?.[1] ?? ''
    const landed = await new Browser().navigate(callback.href, { headers: { cookie } })
    expect(landed.headers.location).toBe('/page?q=1')
    await guarded.close()
  })

  test.each([
    '//evil.example/login',
    '//login',
    '/\\login',
    '/./login',
    '/x/../login',
    '/%6cogin',
    '/LOGIN',
    '/login/',
    '/login;x',
    '/login%00',
    '*',
  ])('HH01: does not take the request target %s for the login route', async (target) => {
    const answer = await raw(`GET ${target}`)
    expect(locationOf(answer) ?? '').not.toContain('/auth?')
    expect(answer).not.toMatch(/^set-cookie: oidc/im)
  })

  test.each([
    'http://',
    'http:///login',
    'http://evil.example',
    'http://evil.example?x',
    'x:',
    '//',
    '///',
    '?',
    '#',
    'login',
  ])('HH01: answers the odd request target %s without a crash', async (target) => {
    const answer = await raw(`GET ${target}`)
    expect(statusOf(answer)).toBeGreaterThanOrEqual(200)
    expect(answer).not.toMatch(/^location: (?:http:)?\/\/evil/im)
    expect((await browser.navigate(world.url('/'))).text).toBe('home')
  })

  test('HH01: ignores two Host headers, or none', async () => {
    const two = await rawRequest(
      world.url(''),
      `GET /login HTTP/1.1\r\nHost: ${evil}\r\nHost: b.example\r\nConnection: close\r\n\r\n`,
    )
    const none = await rawRequest(world.url(''), 'GET /login HTTP/1.0\r\n\r\n')
    const asked = [two, none].map((answer) => locationOf(answer)).filter((location) => location !== undefined)
    expect(asked.length).toBeGreaterThan(0)
    for (const location of asked)
      expect(new URL(location).searchParams.get('redirect_uri')).toBe(world.url('/callback'))
  })
})

describe('a choice between several base URLs', () => {
  const [first, second] = ['https://one.example', 'https://two.example:8443']
  beforeAll(async () => {
    world = await startWorld({ oidc: { baseUrl: undefined, baseUrls: [first, second] } })
  })
  afterAll(() => world.close())

  test.each([
    ['one.example', first],
    ['ONE.example', first],
    ['two.example:8443', second],
    ['TWO.EXAMPLE:8443', second],
    ['two.example', first],
    ['two.example:8443.evil.example', first],
    ['two.example:8443@evil.example', first],
    ['evil.example', first],
    ['', first],
  ])('HH01: for a request with Host %j is %s, since only the list names origins', async (name, origin) => {
    const answer = await new Browser().navigate(world.url('/login'), { headers: { host: name } })
    expect(new URL(answer.location ?? '').searchParams.get('redirect_uri')).toBe(`${origin}/callback`)
    const challenge = await new Browser().fetch(world.url('/private'), { headers: { host: name } })
    expect(challenge.json()).toMatchObject({ login_url: `${origin}/login` })
  })

  test('HH01: is not affected by X-Forwarded-Host', async () => {
    const headers = { host: 'one.example', 'x-forwarded-host': 'two.example:8443' }
    const answer = await new Browser().navigate(world.url('/login'), { headers })
    expect(new URL(answer.location ?? '').searchParams.get('redirect_uri')).toBe(`${first}/callback`)
  })

  test('HH01: keeps a login at the URL where it started, whatever Host the callback names', async () => {
    const urls = ['http://localhost:9', 'http://127.0.0.1:9']
    const own = await startWorld({
      client: { redirect_uris: urls.map((url) => `${url}/callback`) },
      oidc: { baseUrl: undefined, baseUrls: urls },
    })
    const start = await own.browser.navigate(own.url('/private?tab=1'), { headers: { host: '127.0.0.1:9' } })
    const callback = await throughProvider(own, start)
    expect(callback.origin).toBe('http://127.0.0.1:9')
    // The code is bound to the redirect URI: the provider refuses it together with another one.
    const headers = { host: 'localhost:9' }
    const answer = await own.browser.navigate(own.url(callback.pathname + callback.search), { headers })
    expect([answer.status, answer.headers.location]).toEqual([302, '/private?tab=1'])
    expect(await subjectOf(own)).toBe('alice')
    await own.close()
  })
})

function head({ url }: World, line: string): string {
  return `${line} HTTP/1.1\r\nHost: ${new URL(url('/')).host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`
}

function raw(line: string): Promise<string> {
  return rawRequest(world.url(''), head(world, line))
}

function locationOf(answer: string): string | undefined {
  return /^location: (.*)$/im.exec(answer)?.[1]?.trim()
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
}
