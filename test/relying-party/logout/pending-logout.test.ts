import { afterEach, describe, expect, test } from '@jest/globals'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { withoutHash } from '../../hosts/cookie-names.js'
import { timersDuring } from '../../kit/timers.js'
import { get } from '../../kit/world/applications.js'
import { onwardUrl } from '../../kit/world/onward.js'
import { type RefreshWorld, startRefreshWorld } from '../../kit/world/refreshing.js'
import { subjectOf, withParameters } from '../../kit/world/steps.js'
import { startWorld, type World, type WorldOptions } from '../../kit/world/world.js'

let world: World
afterEach(() => world.close())

/** Signs in, and starts a logout: returns the URL that the provider is asked by. */
async function leave(path = '/logout', options: WorldOptions = {}): Promise<URL> {
  world = await startWorld(options)
  await world.signIn()
  const { location = '' } = await world.browser.navigate(world.url(path), { site: 'same-origin' })
  return new URL(location)
}

/** Comes back from the provider's site with a query of one's own. */
const comeBack = (query: Record<string, string>, path = '/') =>
  world.browser.navigate(`${world.url(path)}?${new URLSearchParams(query).toString()}`, { site: 'cross-site' })

const outCookie = () => world.browser.cookies.all().find(({ name }) => withoutHash(name).endsWith('oidc.out'))

describe.each(hosts)('the way back from the provider’s logout, on $name', (host) => {
  test('LO04: leads to the returnTo of the logout route, by way of the registered URI, and once', async () => {
    const request = await leave('/logout?returnTo=%2Fme%3Ftab%3D1%23top', { host })
    expect(request.searchParams.get('post_logout_redirect_uri')).toBe(world.url('/'))
    expect(decodeURIComponent(request.href)).not.toContain('tab=1')
    const state = request.searchParams.get('state') ?? ''
    const answer = await comeBack({ state })
    expect([answer.status, answer.headers.location]).toEqual([302, '/me?tab=1#top'])
    expect(outCookie()).toBeUndefined()
    expect((await comeBack({ state })).headers.location).toBe('/')
    expect((await world.browser.fetch(world.url('/me'))).json()).toMatchObject({ user: null })
  })

  test('LO05: leads to the post-logout page, without its query, where there is no returnTo', async () => {
    const request = await leave('/logout', { host })
    const answer = await comeBack({ state: request.searchParams.get('state') ?? '', sid: 'x', iss: 'y' })
    expect([answer.status, answer.headers.location]).toEqual([302, '/'])
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  test('LO05: shows the page and trusts nothing where the state is another one or missing', async () => {
    await leave('/logout?returnTo=/me', { host })
    for (const query of [{ state: 'other' }, { state: '' }, { returnTo: 'https://evil.example' }]) {
      const answer = await comeBack(query)
      expect([answer.status, answer.text]).toEqual([200, 'home'])
      expect(answer.headers['cache-control']).toBeUndefined()
    }
    const page = await world.browser.navigate(world.url('/'), { site: 'cross-site' })
    expect([page.status, page.text]).toEqual([200, 'home'])
  })
})

describe('the state of a logout', () => {
  test('LO05: is 32 random bytes behind a prefix, new at each logout', async () => {
    const first = (await leave()).searchParams.get('state')
    const again = await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
    const second = new URL(again.location ?? '').searchParams.get('state')
    const form = expect.stringMatching(/^logout\.[\w-]{43}$/)
    expect([first, second]).toEqual([form, form])
    expect(second).not.toBe(first)
  })

  test.each<[string, (state: string) => string]>([
    ['with another query', (state) => `state=${state}&state=${state}`],
    ['cut short', (state) => `state=${state.slice(1)}`],
    ['with something after it', (state) => `state=${state}%00`],
    ['as a list', (state) => `state[]=${state}`],
  ])('LO05: counts as missing where it is %s', async (_how, query) => {
    const state = (await leave('/logout?returnTo=/me')).searchParams.get('state') ?? ''
    const page = await world.browser.navigate(world.url(`/?${query(state)}`))
    expect([page.status, page.text]).toEqual([200, 'home'])
    expect(outCookie()).toBeDefined()
  })

  test('LO05: ends after ten minutes, whatever the browser keeps', async () => {
    const state = (await leave('/logout?returnTo=/me')).searchParams.get('state') ?? ''
    world.clock.advance(601)
    expect((await comeBack({ state })).headers.location).toBe('/')
  })

  test('LO05: is accepted in the browser that it was given to, and with a cookie that is ours', async () => {
    const state = (await leave('/logout?returnTo=/me')).searchParams.get('state') ?? ''
    const stranger = new Browser()
    expect((await stranger.navigate(world.url(`/?state=${state}`))).headers.location).toBe('/')
    const forged = { cookie: `${world.cookie('.out')}=${outCookie()?.value.slice(0, -8)}AAAAAAAA` }
    const page = await stranger.navigate(world.url(`/?state=${state}`), { headers: forged })
    expect(page.headers.location).toBe('/')
    const taken = { cookie: `${world.cookie()}=${outCookie()?.value}` }
    expect((await stranger.fetch(world.url('/me'), { headers: taken })).json()).toMatchObject({ user: null })
  })

  test('LO05: does not stay in the address when the Back button brings it again, where a person would see it', async () => {
    const state = (await leave()).searchParams.get('state') ?? ''
    await comeBack({ state })
    const again = await comeBack({ state, sid: 'x' })
    expect([again.status, again.headers.location, again.setCookies]).toEqual([302, '/', []])
    const script = await world.browser.fetch(world.url(`/?state=${state}`))
    expect([script.status, script.text]).toEqual([200, 'home'])
  })

  test('LO05: is accepted at the post-logout page only, by GET', async () => {
    const state = (await leave('/logout?returnTo=/me')).searchParams.get('state') ?? ''
    expect((await comeBack({ state }, '/me')).status).toBe(200)
    const posted = await world.browser.navigate(world.url(`/?state=${state}`), { method: 'POST' })
    expect(posted.location).toBeUndefined()
    expect((await comeBack({ state })).headers.location).toBe('/me')
  })

  test('LO05: is not used up by a prefetch', async () => {
    const state = (await leave('/logout?returnTo=/me')).searchParams.get('state') ?? ''
    await world.browser.navigate(world.url(`/?state=${state}`), { headers: { 'sec-purpose': 'prefetch' } })
    expect((await comeBack({ state })).headers.location).toBe('/me')
  })

  test('LO05: leads back below the path of the base URL, and to the path that the application has chosen', async () => {
    const oidc = { logout: { returnTo: '/bye' } }
    world = await startWorld({ below: '/app', oidc })
    await world.browser.navigate(world.url('/app/login'), { follow: true })
    const { location = '' } = await world.browser.navigate(world.url('/app/logout'), { site: 'same-origin' })
    const request = new URL(location)
    expect(request.searchParams.get('post_logout_redirect_uri')).toBe(world.url('/app/bye'))
    const answer = await comeBack({ state: request.searchParams.get('state') ?? '' }, '/app/bye')
    expect(answer.headers.location).toBe('/app/bye')
  })

  test('LO05: and its cookie are Secure, with the __Host- prefix, over https', async () => {
    world = await startWorld({ oidc: { baseUrl: 'https://app.example.com' } })
    const { setCookies } = await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
    const lasting = setCookies.map(withoutHash).filter((line) => !line.startsWith('__Host-oidc.bye='))
    expect(lasting).toEqual([
      expect.stringMatching(/^__Host-oidc\.out=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ])
  })
})

describe('the returnTo of a logout', () => {
  test.each([
    '//evil.example',
    'https://evil.example/',
    '/\\evil.example',
    'javascript:alert(1)',
    '/..//evil.example',
    '/login',
    '/logout',
    '/callback?code=x',
    `/${'x'.repeat(3_000)}`,
  ])('LO04: is ignored where it is %s', async (target) => {
    const request = await leave(`/logout?${new URLSearchParams({ returnTo: target }).toString()}`)
    const answer = await comeBack({ state: request.searchParams.get('state') ?? '' })
    expect(answer.headers.location).toBe('/')
  })

  test('LO04: may be at an origin that returnTo.origins lists', async () => {
    const oidc = { returnTo: { origins: ['https://www.example.com'] } }
    const request = await leave('/logout?returnTo=https://www.example.com/bye', { oidc })
    const answer = await comeBack({ state: request.searchParams.get('state') ?? '' })
    expect(answer.headers.location).toBe('https://www.example.com/bye')
  })

  test('LO04: loses its query where that would not fit into the cookie', async () => {
    const request = await leave(`/logout?returnTo=${encodeURIComponent(`/me?q=${'x'.repeat(1_500)}`)}`)
    const answer = await comeBack({ state: request.searchParams.get('state') ?? '' })
    expect(answer.headers.location).toBe('/me')
  })

  test('LO04: of a form is in its query; the page that asks first keeps a safe one, and drops another', async () => {
    const request = async (query: string) => {
      const page = await world.browser.navigate(world.url(`/logout${query}`), { site: 'cross-site' })
      return /action="([^"]*)"/.exec(page.text)?.[1]
    }
    world = await startWorld()
    expect(await request('?returnTo=/me%3Fa%3D1')).toBe('/logout?returnTo=%2Fme%3Fa%3D1')
    expect(await request('?returnTo=//evil.example')).toBe('/logout')
    await world.signIn()
    const options = { method: 'POST', site: 'same-origin' } as const
    const answer = await world.browser.navigate(world.url('/logout?returnTo=%2Fme%3Fa%3D1'), options)
    const end = await world.browser.navigate(onwardUrl(answer), { site: 'same-origin', follow: true })
    expect(end.url).toBe(world.url('/me?a=1'))
  })

  test('LO04: is reached at once where the provider takes no part', async () => {
    world = await startWorld({ oidc: { logout: { atProvider: false } } })
    await world.signIn()
    const answer = await world.browser.navigate(world.url('/logout?returnTo=/me'), { site: 'same-origin' })
    expect([answer.status, answer.headers.location, outCookie()]).toEqual([302, '/me', undefined])
  })

  test('LO04: of logout() is treated as that of the route, together with hints and languages', async () => {
    const out = get('/out', ({ oidc }) =>
      oidc.logout({ returnTo: '/me', logoutHint: 'alice@example.com', uiLocales: ['de', 'en'] }),
    )
    const request = await leave('/out', { layers: [out] })
    expect(Object.fromEntries(request.searchParams)).toMatchObject({
      logout_hint: 'alice@example.com',
      ui_locales: 'de en',
      id_token_hint: expect.stringMatching(/^ey/),
    })
    const answer = await comeBack({ state: request.searchParams.get('state') ?? '' })
    expect(answer.headers.location).toBe('/me')
  })
})

describe('a logout whose URL would be too long', () => {
  test.each(hosts)('LO03: leaves out the ID Token, and is a redirect, on $name', async (host) => {
    world = await startWorld({ host, provider: { accounts: { alice: { name: 'A'.repeat(1_800) } } } })
    await world.signIn()
    const answer = await world.browser.navigate(world.url('/logout?returnTo=/me'), { site: 'same-origin' })
    const { searchParams } = new URL(answer.location ?? '')
    expect([answer.status, [...searchParams.keys()].sort()]).toEqual([
      302,
      ['client_id', 'post_logout_redirect_uri', 'state'],
    ])
    const end = await world.browser.navigate(answer.location ?? '', { site: 'same-site', follow: true })
    expect(end.url).toBe(world.url('/me'))
  })
})

describe('the tokens of a session that ends', () => {
  const hang = () => new Promise<Response>(() => undefined)
  const revocations: URLSearchParams[] = []
  afterEach(() => void revocations.splice(0))

  async function signedIn(options: WorldOptions = {}): Promise<RefreshWorld> {
    const refreshing = await startRefreshWorld({
      ...options,
      oidc: { ...options.oidc },
    })
    refreshing.httpClient.spoil('/token/revocation', (honest, init) => {
      if (init?.body instanceof URLSearchParams) revocations.push(init.body)
      return honest()
    })
    world = refreshing
    await refreshing.enter(refreshing.browser)
    return refreshing
  }
  const logout = () => world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
  const hints = () => revocations.map((form) => form.get('token_type_hint'))

  test.each(hosts)('LO06: are revoked by the refresh token, on $name', async (host) => {
    await signedIn({ host })
    expect((await logout()).status).toBe(302)
    expect(hints()).toEqual(['refresh_token'])
    expect(revocations[0]?.get('token')).toMatch(/^\S{20,}$/)
  })

  test('LO06: are revoked by logout() too, here only or everywhere', async () => {
    const leaving = [true, false].map((local) => get(`/leave-${local}`, ({ oidc }) => oidc.logout({ local })))
    const refreshing = await signedIn({ layers: leaving })
    await world.browser.navigate(world.url('/leave-true'))
    await refreshing.enter(world.browser)
    await world.browser.navigate(world.url('/leave-false'))
    expect(hints()).toEqual(['refresh_token', 'refresh_token'])
  })

  test('LO06: are revoked by the access token where there is no refresh token, unless it has expired', async () => {
    const provider = { overrides: { issueRefreshToken: async () => false } }
    const refreshing = await signedIn({ provider })
    await logout()
    expect(hints()).toEqual(['access_token'])
    await refreshing.enter(world.browser)
    world.clock.advance(700)
    await logout()
    expect(hints()).toEqual(['access_token'])
  })

  test('LO06: are not revoked where the application says so, or where there are none', async () => {
    await signedIn({ oidc: { logout: { revoke: false } } })
    await logout()
    await logout()
    expect(revocations).toEqual([])
  })

  test.each<[string, () => Promise<Response>]>([
    ['refuses', async () => Response.json({ error: 'invalid_client' }, { status: 401 })],
    ['fails', async () => new Response('oops', { status: 500 })],
    ['cannot be reached', async () => Promise.reject(new TypeError('fetch failed'))],
    ['answers nonsense', async () => new Response('<html>', { status: 418 })],
  ])('LO06: are forgotten when the provider %s: the person is signed out all the same', async (_how, fault) => {
    const refreshing = await signedIn()
    refreshing.httpClient.spoil('/token/revocation', fault)
    const answer = await logout()
    expect(new URL(answer.location ?? '').origin).toBe(world.provider.issuer)
    expect(await subjectOf(world)).toBeNull()
  })

  test('LO06: delay the logout by a second at most when the provider does not answer', async () => {
    const refreshing = await signedIn()
    refreshing.httpClient.spoil('/token/revocation', hang)
    const { result, waits } = await timersDuring(logout)
    expect(result.status).toBe(302)
    expect(waits).toContain(1_000)
    expect(await subjectOf(world)).toBeNull()
  })

  test('LO06: that were renewed are revoked in their newest form', async () => {
    const refreshing = await signedIn()
    world.clock.advance(700)
    const old = refreshing.browser.cookies.all().find(({ name }) => name === refreshing.cookie())?.value
    await world.browser.fetch(world.url('/token'))
    const late = new Browser()
    const headers = { cookie: `${refreshing.cookie()}=${old}` }
    await late.navigate(world.url('/logout'), { site: 'same-origin', headers })
    expect(revocations).toHaveLength(1)
    expect(revocations[0]?.get('token')).not.toBe(refreshing.refreshes[0]?.get('refresh_token'))
  })

  test('LO06: that a refresh under way brings after the logout are revoked when they come', async () => {
    const refreshing = await signedIn()
    world.clock.advance(700)
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const brought: unknown[] = []
    refreshing.spoilTokens(async (honest) => {
      const answer = await honest()
      brought.push(((await answer.clone().json()) as { refresh_token: string }).refresh_token)
      await held
      return answer
    })
    const renewing = world.browser.fetch(world.url('/token'))
    while (brought.length === 0) await new Promise(setImmediate)
    await logout()
    release()
    expect((await renewing).setCookies).toEqual([])
    expect(revocations.map((form) => form.get('token'))).toEqual([
      refreshing.refreshes[0]?.get('refresh_token'),
      brought[0],
    ])
  })
})

describe('a logout', () => {
  test('LO02: works without a session, after it has expired, and again', async () => {
    world = await startWorld()
    await world.signIn()
    world.clock.advance(700_000)
    for (let times = 0; times < 3; times += 1) {
      const answer = await world.browser.navigate(world.url('/logout?returnTo=/me'), { site: 'same-origin' })
      expect(answer.status).toBe(302)
      const { searchParams } = new URL(answer.location ?? '')
      expect(searchParams.has('id_token_hint')).toBe(false)
      const back = withParameters(new URL(world.url('/')), { state: searchParams.get('state') ?? '' })
      expect((await world.browser.navigate(back.href)).headers.location).toBe('/me')
    }
  })
})
