import { afterEach, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import type { OidcOptions, TraceRemark } from '../../../lib/index.js'
import { createOidc } from '../../../lib/middleware/oidc-middleware.js'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { systemRuntime } from '../../../lib/base/runtime.js'
import { watchAll } from '../../kit/watching/watching.js'
import { startHostileProvider } from '../../hostile/provider.js'
import { Browser } from '../../hosts/client.js'
import { type Host, hosts } from '../../hosts/hosts.js'
import { cookieOf } from '../../kit/world/refreshing.js'
import { secret, type World } from '../../kit/world/world.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { entraTokens, keycloakTokens, type LargeTokens, roleNames } from '../../kit/world/large-tokens.js'
import { answering } from '../../kit/world/applications.js'

const clientSecret = 'a secret of the client, long enough for all'
const layers = [
  answering('/me', ({ oidc, auth }) => ({ user: oidc.user, idToken: oidc.idToken, claims: auth?.claims })),
  answering('/token', ({ oidc }) => oidc.accessToken()),
]

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** Two processes of one application, and a provider with large tokens; access tokens that it renews are of another name. */
async function startLarge(tokens: LargeTokens, host: Host | undefined, oidc: Partial<OidcOptions> = {}) {
  if (host === undefined) throw new Error('there is no such host')
  let grants = 0
  let issuer = ''
  const start = async () => {
    let redirectUri = ''
    const app = await host.start(async ({ baseUrl }) => {
      redirectUri = `${baseUrl}/callback`
      if (issuer === '') issuer = await startProvider(baseUrl)
      const options = { issuer, clientId: 'web', clientSecret, secret, baseUrl, ...oidc }
      const cookie = { name: 'app' }
      const login = createOidc(parseOidcOptions({ session: { cookie }, ...options }), systemRuntime)
      closers.push(async () => login.close())
      return [login, ...layers]
    })
    closers.push(() => app.close())
    return { url: (path: string) => app.url + path, redirectUri }
  }
  const startProvider = async (baseUrl: string): Promise<string> => {
    const provider = await startHostileProvider({
      client: {
        clientId: 'web',
        clientSecret,
        authentication: 'client_secret_basic',
        redirectUri: `${baseUrl}/callback`,
        postLogoutRedirectUri: `${baseUrl}/`,
      },
      faults: {
        claims: ({ at_hash: _hash, ...claims }) => ({ ...claims, ...tokens.claims }),
        token: (response) => ({
          ...response,
          access_token: (grants += 1) === 1 ? tokens.accessToken : `${tokens.accessToken}${grants}`,
        }),
      },
    })
    closers.push(provider.close)
    return provider.issuer
  }
  return { one: await start(), two: await start(), renewals: () => grants - 1 }
}

async function signIn(app: { url: (path: string) => string }) {
  const browser = new Browser()
  const remarks: (readonly TraceRemark[])[] = []
  const watching = watchAll((event, phase) => {
    if (event.step === 'session' && phase === 'end') remarks.push(event.remarks ?? [])
  })
  const page = await browser.navigate(app.url('/login?returnTo=/me'), { follow: true })
  watching.stop()
  const { cookie = '' } = cookieOf(browser, app as World)
  return { browser, page, cookie, remarks }
}

describe.each(hosts)('a large session under default options on $name', (host) => {
  test.each([
    ['60 roles at Keycloak', keycloakTokens(roleNames(60, 34)), []],
    ['150 roles with names of 16 letters', keycloakTokens(roleNames(150, 16)), []],
    ['70 roles in both tokens', keycloakTokens(roleNames(70, 30), { inIdToken: true }), ['compressed']],
    ['Microsoft Entra ID', entraTokens(), []],
  ])('keeps all its tokens unchanged: %s', async (_name, tokens, compressed) => {
    const { one, two, renewals } = await startLarge(tokens, host)
    const { page, browser, cookie, remarks } = await signIn(one)
    expect([page.status, remarks.flat()]).toEqual([200, compressed])
    expect(cookie.length).toBeLessThan(7168)
    expect(page.json()).toMatchObject({
      claims: tokens.claims,
      idToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    })
    expect((await browser.fetch(one.url('/token'))).json()).toBe(tokens.accessToken)
    expect((await new Browser().fetch(two.url('/token'), { headers: { cookie } })).json()).toBe(tokens.accessToken)
    expect(renewals()).toBe(0)
  })

  test('signs in a person with 150 long roles, whose access token another process renews', async () => {
    const tokens = keycloakTokens(roleNames(150, 34))
    const { one, two, renewals } = await startLarge(tokens, host)
    const { page, browser, cookie, remarks } = await signIn(one)
    expect(page.json()).toMatchObject({ claims: tokens.claims })
    expect(cookie.length).toBeLessThan(7168)
    expect(remarks).toEqual([['access_token_left_out']])
    expect((await browser.fetch(one.url('/token'))).json()).toBe(tokens.accessToken)
    expect(renewals()).toBe(0)
    const elsewhere = await new Browser().fetch(two.url('/token'), { headers: { cookie } })
    expect(elsewhere.json()).toBe(`${tokens.accessToken}2`)
  })

  test('signs in a person with 150 long roles, whose access token all processes with a shared store have', async () => {
    const tokens = keycloakTokens(roleNames(150, 34))
    const sharedStore = new FakeStore({ now: Date.now })
    const { one, two, renewals } = await startLarge(tokens, host, { sharedStore })
    const { browser, cookie, remarks } = await signIn(one)
    expect(remarks).toEqual([['access_token_left_out']])
    for (const each of [two, two, one]) {
      const answer = await new Browser().fetch(each.url('/token'), { headers: { cookie } })
      expect(answer.json()).toBe(tokens.accessToken)
    }
    expect(renewals()).toBe(0)
    const leftOut = () => [...sharedStore.contents()].filter(([name]) => name.startsWith('left-out:'))
    expect(leftOut()).toHaveLength(1)
    expect(JSON.stringify(leftOut())).not.toContain(tokens.accessToken.slice(0, 40))
    await browser.navigate(one.url('/logout'), { site: 'same-origin' })
    expect(leftOut()).toEqual([])
  })
})

describe('a session whose cookie has no room for the whole ID Token', () => {
  test.each([
    [
      'with the hint that the provider gave, if it did',
      { login_hint: 'the provider’s own hint' },
      'the provider’s own hint',
    ],
    ['with the client’s ID alone', {}, null],
  ])('shows its claims and not the token, and signs out at the provider %s', async (_name, claims, hint) => {
    const tokens = keycloakTokens(roleNames(150, 19))
    const given = { ...tokens, claims: { ...tokens.claims, ...claims } }
    const { one } = await startLarge(given, hosts[0])
    const { page, browser, remarks } = await signIn(one)
    expect(remarks).toEqual([expect.arrayContaining(['id_token_left_out'])])
    const { user, idToken, claims: all } = page.json() as Record<'user' | 'idToken' | 'claims', object>
    expect([user, idToken, all]).toEqual([
      expect.objectContaining({ name: 'Alice Example' }),
      undefined,
      expect.objectContaining(given.claims),
    ])
    const { location = '' } = await browser.navigate(one.url('/logout'), { site: 'same-origin' })
    const { searchParams } = new URL(location)
    expect([searchParams.get('id_token_hint'), searchParams.get('client_id'), searchParams.get('logout_hint')]).toEqual(
      [null, 'web', hint],
    )
  })
})

describe('a session that does not fit whatever is left out', () => {
  test('ends the login with an error that names session.store, and none where there is a store', async () => {
    const errors: string[] = []
    const oidc: Partial<OidcOptions> = {
      onLogin: () => ({ data: { fill: randomBytes(6000).toString('base64url') } }),
      onError: (error, { next }) => {
        errors.push(error.message)
        next(error)
      },
    }
    const tokens = keycloakTokens(roleNames(150, 34))
    const { one } = await startLarge(tokens, hosts[0], oidc)
    expect((await signIn(one)).page.status).toBe(500)
    expect(errors).toEqual([expect.stringContaining('session.store')])
    const session = { store: new FakeStore({ now: Date.now }), cookie: { name: 'app' } }
    const { one: withStore } = await startLarge(tokens, hosts[0], { ...oidc, session })
    expect((await signIn(withStore)).page.json()).toMatchObject({ claims: tokens.claims })
  })
})
