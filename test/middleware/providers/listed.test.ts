import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { provider, requireAuth } from '../../../lib/index.js'
import { Browser } from '../../hosts/client.js'
import { get, guarded } from '../../kit/world/applications.js'
import { type SeveralWorld, startSeveral } from '../../kit/world/several.js'

let world: SeveralWorld
let browser: Browser
const logins: unknown[] = []

beforeAll(async () => {
  world = await startSeveral({
    oidc: () => ({
      onLogin: ({ provider: name, current, claims }) => {
        logins.push({ name, sub: claims.sub, current: current && { ...current, claims: current.claims.sub } })
        return { data: { theme: name } }
      },
    }),
    layers: [
      guarded('/work-only', requireAuth(provider('work'))),
      guarded('/either', requireAuth(provider('work', 'google'))),
      guarded('/recent', requireAuth({ challenge: 'respond' }, provider('work'))),
      get('/go', ({ oidc }) => oidc.login({ provider: 'work', returnTo: '/me' })),
      get('/choose', ({ oidc }) => oidc.login({ returnTo: '/me' })),
      get('/token', async ({ oidc }, res) => res.end(await oidc.accessToken())),
      get('/refresh', async ({ oidc }, res) => {
        await oidc.refresh()
        res.end(String(oidc.provider))
      }),
      get('/userinfo', async ({ oidc }, res) => res.end((await oidc.userinfo()).sub)),
    ],
  })
})
afterAll(() => world.close())
beforeEach(() => {
  browser = new Browser()
  logins.length = 0
})

describe('the login route of several providers', () => {
  test('shows a page with a link to each, by its label', async () => {
    const { status, text, headers } = await browser.navigate(world.url('/login?returnTo=/me'))
    expect(status).toBe(200)
    expect(text).toContain('<a href="/login/google?returnTo=%2Fme">Google &amp; friends</a>')
    expect(text).toContain('<a href="/login/work?returnTo=%2Fme">work</a>')
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'/)
    expect(headers['cache-control']).toBe('no-store')
  })

  test('carries no return target of another site', async () => {
    const { text } = await browser.navigate(world.url('/login?returnTo=https://evil.example'))
    expect(text).toContain('<a href="/login/work">work</a>')
  })

  test('signs in at the provider of the path, and returns', async () => {
    const page = await browser.navigate(world.url('/login/work?returnTo=/me'), { follow: true })
    expect(page.json()).toEqual({ at: 'work', by: 'work', sub: 'alice', iss: world.at.work.issuer })
  })

  test('is not a return target itself, and neither is what is below it', async () => {
    const page = await browser.navigate(world.url('/login/work?returnTo=/login/google'), { follow: true })
    expect(page.text).toBe('home')
  })

  test.each([
    ['nobody', 'nobody'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ['an encoded path', '%2e%2e%2fwork'],
    ['a NUL', 'wo%00rk'],
    ['two segments', 'work/'],
    ['10 kB', 'x'.repeat(10_000)],
  ])('passes on a name that no provider has: %s', async (_what, name) => {
    expect((await browser.navigate(world.url(`/login/${name}`))).status).toBe(404)
    expect((await browser.navigate(world.url(`/callback/${name}`))).status).toBe(404)
  })
})

describe('a session of one of several providers', () => {
  test('is replaced by a login at another, of which onLogin learns both', async () => {
    await world.signIn('google', browser)
    await world.signIn('work', browser)
    expect(await world.who(browser)).toMatchObject({ by: 'work', sub: 'alice' })
    expect(logins).toEqual([
      { name: 'google', sub: 'alice' },
      { name: 'work', sub: 'alice', current: { claims: 'alice', provider: 'google', data: { theme: 'google' } } },
    ])
  })

  test('has its own token, refreshed and asked about at its provider', async () => {
    await world.signIn('work', browser)
    const before = world.at.google.requests.length
    expect((await browser.navigate(world.url('/refresh'))).text).toBe('work')
    expect((await browser.navigate(world.url('/userinfo'))).text).toBe('alice')
    expect(world.at.google.requests).toHaveLength(before)
    expect(world.at.work.requests.slice(-2)).toEqual(['POST /token', 'GET /me'])
  })

  test('is signed out at its provider, by the one logout route', async () => {
    await world.signIn('google', browser)
    const { location } = await browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(location).toMatch(`${world.at.google.issuer}/session/end?`)
    expect(await world.who(browser)).toBeNull()
  })

  test('comes back from the logout at its provider', async () => {
    await world.signIn('google', browser)
    const page = await browser.navigate(world.url('/logout?returnTo=/me'), { site: 'same-origin', follow: true })
    expect([page.url, page.json()]).toEqual([world.url('/me'), null])
  })

  test('without one, a logout ends at the page after', async () => {
    const { location } = await browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(location).toBe(world.url('/'))
  })
})

describe('a guard before several providers', () => {
  test('sends people to the choice, and back', async () => {
    const { location } = await browser.navigate(world.url('/private'))
    expect(location).toBe(world.url('/login?returnTo=%2Fprivate'))
  })

  test('sends people to the provider that provider() names', async () => {
    const { location } = await browser.navigate(world.url('/work-only'))
    expect(location).toMatch(`${world.at.work.issuer}/auth?`)
    const page = await browser.navigate(location ?? '', { follow: true })
    expect(page.json()).toEqual({ sub: 'alice' })
  })

  test('sends somebody of another provider there too, and replaces the session', async () => {
    await world.signIn('google', browser)
    const page = await browser.navigate(world.url('/work-only'), { follow: true })
    expect(page.json()).toEqual({ sub: 'alice' })
    expect(await world.who(browser)).toMatchObject({ by: 'work' })
  })

  test('offers the choice among those that provider() names', async () => {
    const { location } = await browser.navigate(world.url('/either'))
    expect(location).toBe(world.url('/login?provider=work&provider=google&returnTo=%2Feither'))
  })

  test('tells programs where to sign in', async () => {
    await world.signIn('google', browser)
    const answer = await browser.fetch(world.url('/work-only'), { headers: { referer: world.url('/') } })
    expect([answer.status, answer.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'login_needed', login_url: world.url('/login/work') }),
    ])
  })

  test('req.oidc.login() goes to the provider that it names, or to the choice', async () => {
    expect((await browser.navigate(world.url('/go'))).location).toMatch(world.at.work.issuer)
    expect((await browser.navigate(world.url('/choose'))).location).toBe(world.url('/login?returnTo=%2Fme'))
  })
})

test('health() has the state of each provider, and ready() fetches all', async () => {
  expect(await world.app.ready()).toEqual({ warnings: [] })
  expect(world.app.health()).toEqual({
    providers: {
      google: expect.objectContaining({ issuer: world.at.google.issuer, metadata: 'fresh' }),
      work: expect.objectContaining({ issuer: world.at.work.issuer, metadata: 'fresh' }),
    },
  })
})
