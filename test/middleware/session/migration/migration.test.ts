import { afterEach, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { type OidcOptions, requireAuth, SessionError, type SessionOptions } from '../../../../lib/index.js'
import { Browser } from '../../../hosts/client.js'
import { type Host, hosts } from '../../../hosts/hosts.js'
import { type App, json, startApp, type AppRequest } from '../../../kit/app.js'
import { Clock, start } from '../../../kit/clock.js'
import { inParts, oldCookie, type OldCookieChanges, oldSecret, signedId } from '../../../kit/migration/old-sessions.js'
import { json as jsonAnswer } from '../../../kit/provider/answers.js'
import { mint, otherRsaKey, rsaKey, signJws } from '../../../kit/provider/keys.js'
import { FakeProvider } from '../../../kit/provider/provider.js'
import { FakeStore } from '../../../kit/stores/memory.js'
import { pastDeadline } from '../../../kit/timers.js'
import { settled, until } from '../../../kit/until.js'
import { AuditWatch } from '../../../kit/watching/audit.js'
import { watchAll } from '../../../kit/watching/watching.js'
import { answering, get, guarded, post } from '../../../kit/world/applications.js'
import { logoutEvent } from '../../../kit/world/logout-world.js'

const day = 86_400
const secret = 'a secret for tests only, 32 characters at least'

let app: App<FakeProvider>
let sharedStore: FakeStore
afterEach(() => app.close())

interface Options {
  readonly host?: Host
  readonly oidc?: Partial<OidcOptions> | ((baseUrl: string, provider: FakeProvider) => object)
  readonly session?: Partial<SessionOptions>
  readonly migrateFrom?: object
  readonly clock?: Clock
}

async function begin({
  host = firstHost,
  oidc,
  session,
  migrateFrom,
  clock = new Clock(),
}: Options = {}): Promise<void> {
  const provider = new FakeProvider({ clock })
  sharedStore = new FakeStore(clock)
  const until = new Date((start + 10 * day) * 1000)
  app = await startApp(host, clock, (baseUrl) => ({
    provider,
    options: {
      issuer: provider.issuer,
      clientId: 'client-1',
      clientSecret: 'secret-1',
      baseUrl,
      secret,
      sharedStore,
      fetch: provider.fetch,
      session: {
        ...session,
        migrateFrom: { package: 'express-openid-connect', secret: oldSecret, until, ...migrateFrom } as never,
      },
      ...(typeof oidc === 'function' ? oidc(baseUrl, provider) : oidc),
    },
    layers: (middleware) => [middleware, ...layers],
  }))
}

const [firstHost] = hosts as readonly [Host]
const me = async ({ oidc }: AppRequest) => ({
  sub: oidc.user?.sub ?? null,
  iss: oidc.user?.iss ?? null,
  data: oidc.data,
  createdAt: oidc.session?.createdAt ?? null,
})
const layers = [
  answering('/me', me),
  post('/me', async (req, res) => json(res, await me(req))),
  answering('/tokens', async ({ oidc }) => ({ access: await oidc.accessToken(), id: oidc.idToken ?? null })),
  answering('/scopes', ({ auth }) => auth?.scopes),
  answering('/refresh', async (req) => {
    await req.oidc.refresh()
    return req.auth?.scopes
  }),
  answering('/out', async ({ oidc }) => {
    await oidc.logout()
    return null
  }),
  get('/leave', ({ oidc }) => oidc.logout()),
  guarded('/private', requireAuth()),
]

/** An ID Token of the old application. */
const idToken = (changes: Record<string, unknown> = {}, key = rsaKey): Promise<string> =>
  mint(
    {
      iss: 'https://issuer.example',
      sub: 'alice',
      aud: 'client-1',
      iat: start - 900,
      exp: start - 600,
      nonce: 'n',
      ...changes,
    },
    key.privateKey,
    { alg: key.alg, kid: key.kid },
  )

const tokens = {
  access_token: 'old-access',
  refresh_token: 'old-refresh',
  token_type: 'Bearer',
  expires_at: start + 600,
}

async function cookieOf(changes: Record<string, unknown> = {}, header: OldCookieChanges = {}): Promise<string> {
  return oldCookie({ id_token: await idToken(), ...tokens, ...changes }, start - 900, header)
}

/** A browser that has been at the old application. */
function browserWith(
  cookies: string | Readonly<Record<string, string>>,
  attributes = '',
  origin = app.host.url,
): Browser {
  const browser = new Browser()
  const parts = typeof cookies === 'string' ? { appSession: cookies } : cookies
  for (const [name, value] of Object.entries(parts)) {
    browser.cookies.store(`${name}=${value}; Path=/; HttpOnly${attributes}`, new URL(origin))
  }
  return browser
}

const url = (path: string): string => app.host.url + path
const subjectOf = async (browser: Browser, path = '/me'): Promise<unknown> =>
  ((await browser.fetch(url(path))).json() as { sub: unknown }).sub
const namesIn = (browser: Browser): readonly string[] => browser.cookies.all().map(({ name }) => name)
const oldNames = (browser: Browser): readonly string[] =>
  namesIn(browser).filter((name) => name.startsWith('appSession'))

describe.each(hosts)('a session of express-openid-connect on $name', (host) => {
  test('goes on without a login, once: the old cookie goes with the answer that brings ours', async () => {
    await begin({ host })
    const value = await cookieOf()
    const browser = browserWith(value)
    const answer = await browser.fetch(url('/me'))
    expect(answer.json()).toMatchObject({ sub: 'alice' })
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(oldNames(browser)).toEqual([])
    expect(namesIn(browser)).toHaveLength(1)
    expect(await subjectOf(browser)).toBe('alice')
    app.clock.advance(60)
    expect(await subjectOf(browserWith(value))).toBeNull()
    expect(await subjectOf(browser)).toBe('alice')
  })
})

describe.each([
  ['in the cookie', {}],
  ['on the server', { withStore: true }],
])('a taken-over session %s', (_, { withStore = false }: { withStore?: boolean }) => {
  const with_ = (): Options => (withStore ? { oidc: {}, session: { store: new FakeStore(new Clock()) } } : {})

  test('has the tokens of the old one, and its ID Token though that has expired', async () => {
    await begin(with_())
    const browser = browserWith(await cookieOf())
    expect((await browser.fetch(url('/tokens'))).json()).toEqual({ access: 'old-access', id: await idToken() })
  })

  test('began when the old one did, and ends no later than that allows', async () => {
    await begin({ ...with_(), session: { ...with_().session, absoluteSeconds: 1000, idleSeconds: 1000 } })
    const browser = browserWith(await cookieOf({}, { header: { uat: start - 10 } }))
    expect((await browser.fetch(url('/me'))).json()).toMatchObject({ sub: 'alice', createdAt: start - 900 })
    app.clock.advance(99)
    expect(await subjectOf(browser)).toBe('alice')
    app.clock.advance(1)
    expect(await subjectOf(browser)).toBeNull()
  })

  test('has the scopes that its first refresh brings, which the old package did not keep', async () => {
    await begin(with_())
    app.provider.answers['/token'] = async () =>
      jsonAnswer({
        access_token: 'new-access',
        refresh_token: 'new-refresh',
        token_type: 'Bearer',
        expires_in: 600,
        scope: 'openid orders:read',
        id_token: await idToken({ iat: start, exp: start + 600 }),
      })
    const browser = browserWith(await cookieOf())
    expect((await browser.fetch(url('/scopes'))).json()).toEqual(['openid'])
    expect((await browser.fetch(url('/refresh'))).json()).toEqual(['openid', 'orders:read'])
    expect((await browser.fetch(url('/scopes'))).json()).toEqual(['openid', 'orders:read'])
  })

  test('is one session for all requests of the moment, and for nobody later', async () => {
    await begin(with_())
    const value = await cookieOf()
    const browsers = Array.from({ length: 5 }, () => browserWith(value))
    expect(await Promise.all(browsers.map((browser) => subjectOf(browser)))).toEqual(Array(5).fill('alice'))
    const [first, second] = browsers as [Browser, Browser]
    await first.fetch(url('/out'))
    expect(await subjectOf(second)).toBeNull()
    expect(await subjectOf(browserWith(value))).toBeNull()
  })

  test('does not come back with the old cookie after a logout', async () => {
    await begin(with_())
    const value = await cookieOf()
    const browser = browserWith(value)
    expect(await subjectOf(browser)).toBe('alice')
    await browser.navigate(url('/leave'))
    expect(await subjectOf(browser)).toBeNull()
    for (const seconds of [0, 20, 5 * day]) {
      app.clock.advance(seconds)
      expect(await subjectOf(browserWith(value))).toBeNull()
    }
  })

  test('does not begin while the store is unavailable: 503, and the next request finds the old session', async () => {
    await begin(with_())
    const store = withStore ? (app.options.session?.store as FakeStore) : sharedStore
    const browser = browserWith(await cookieOf())
    store.outage = true
    const answer = await browser.fetch(url('/me'))
    expect([answer.status, answer.setCookies]).toEqual([503, []])
    store.outage = false
    app.clock.advance(3600)
    expect(await subjectOf(browser)).toBe('alice')
  })

  test.each([['get'], ['set'], ['add']] as const)(
    'loses nothing to a store that fails at %s alone',
    async (operation) => {
      await begin(with_())
      const browser = browserWith(await cookieOf())
      const fail = (call: { operation: string }): void => {
        if (call.operation === operation) throw new Error('down')
      }
      sharedStore.before = fail
      const answer = await browser.fetch(url('/me'))
      expect([answer.status, oldNames(browser).length]).toEqual([503, 1])
      sharedStore.before = () => undefined
      expect(await subjectOf(browser)).toBe('alice')
    },
  )
})

describe('an old session', () => {
  test('in several cookies is read whole, and all of them are removed', async () => {
    await begin()
    const cookies = inParts(await cookieOf({ padding: 'x'.repeat(3000) }), 1500)
    expect(Object.keys(cookies).length).toBeGreaterThan(2)
    const browser = browserWith(cookies)
    expect(await subjectOf(browser)).toBe('alice')
    expect(oldNames(browser)).toEqual([])
  })

  test('in a store is taken over by its signed ID', async () => {
    const data = { id_token: await idToken(), ...tokens }
    const store = {
      get: (sid: string) =>
        Promise.resolve(
          sid === 'an-id' ? { header: { iat: start - 900, uat: start, exp: start + day }, data } : undefined,
        ),
    }
    await begin({ migrateFrom: { store, signSessionStoreCookie: true } })
    expect(await subjectOf(browserWith('an-id'))).toBeNull()
    const browser = browserWith(signedId('an-id'))
    expect(await subjectOf(browser)).toBe('alice')
    expect(oldNames(browser)).toEqual([])
  })

  test('is removed from the path and domain where it was set', async () => {
    await begin({ migrateFrom: { cookie: { name: 'old', path: '/app', domain: 'example.com' } } })
    const answer = await browserWith({ old: await cookieOf() }).fetch(url('/me'))
    const [line] = answer.setCookies.filter((each) => each.startsWith('old='))
    expect(line).toMatch(/Path=\/app/)
    expect(line).toMatch(/Domain=example.com/)
    expect(line).toMatch(/Max-Age=0/)
  })

  test('without access token and refresh token is a session too', async () => {
    await begin()
    const browser = browserWith(await oldCookie({ id_token: await idToken() }, start - 900))
    expect(await subjectOf(browser)).toBe('alice')
  })

  test('has its data for onLogin, which says what of it stays', async () => {
    const seen: unknown[] = []
    await begin({
      oidc: {
        onLogin: (login) => {
          seen.push(login.migrated, login.returnTo, login.claims.sub)
          return { data: { cart: login.migrated?.data['cart'] } }
        },
      },
    })
    const browser = browserWith(await cookieOf({ cart: ['tea'], other: 1 }))
    expect((await browser.fetch(url('/me?page=1'))).json()).toMatchObject({ sub: 'alice', data: { cart: ['tea'] } })
    expect(seen).toEqual([{ data: { cart: ['tea'], other: 1 } }, '/me?page=1', 'alice'])
  })

  test('has no data in the new session where there is no onLogin', async () => {
    await begin()
    const answer = await browserWith(await cookieOf({ cart: ['tea'] })).fetch(url('/me'))
    expect(answer.json()).toMatchObject({ sub: 'alice', data: {} })
  })

  test('is not taken over where onLogin refuses the person, and no error is shown', async () => {
    await begin({ oidc: { onLogin: () => false } })
    const answer = await browserWith(await cookieOf()).fetch(url('/me'))
    expect([answer.status, answer.json()]).toMatchObject([200, { sub: null }])
  })

  test('goes where onLogin refuses the person, who is not asked about again', async () => {
    let calls = 0
    const onLogin = (): false => {
      calls += 1
      return false
    }
    await begin({ oidc: { onLogin } })
    const browser = browserWith(await cookieOf())
    for (let request = 0; request < 3; request += 1) expect(await subjectOf(browser)).toBeNull()
    expect([calls, oldNames(browser)]).toEqual([1, []])
  })

  test('does not count once the end has passed, while the application runs', async () => {
    await begin()
    app.clock.advance(10 * day)
    const browser = browserWith(await oldCookie({ id_token: await idToken(), ...tokens }, app.clock.seconds - 60))
    expect(await subjectOf(browser)).toBeNull()
    expect(sharedStore.count()).toBe(0)
  })

  test('costs no call of the store where somebody is signed in here', async () => {
    await begin()
    const browser = browserWith(await cookieOf())
    // The first one with the new cookie notes that the browser has it.
    for (let request = 0; request < 2; request += 1) await browser.fetch(url('/me'))
    await settled()
    const plain = sharedStore.count()
    await browser.fetch(url('/me'))
    const each = sharedStore.count() - plain
    browser.cookies.store(`appSession=${await cookieOf()}; Path=/`, new URL(app.host.url))
    await browser.fetch(url('/me'))
    expect(sharedStore.count() - plain).toBe(2 * each)
  })

  test('ends by a logout here too, though another session was the one that counted', async () => {
    await begin()
    const browser = browserWith(await cookieOf())
    expect(await subjectOf(browser)).toBe('alice')
    const later = await oldCookie({ id_token: await idToken(), ...tokens }, start - 5)
    browser.cookies.store(`appSession=${later}; Path=/`, new URL(app.host.url))
    await browser.navigate(url('/leave'))
    expect(oldNames(browser)).toEqual([])
    expect(await subjectOf(browserWith(later))).toBeNull()
  })

  test('does not end, and neither does the other one, by a logout while the store is unavailable', async () => {
    await begin()
    const browser = browserWith(await cookieOf())
    await browser.fetch(url('/me'))
    browser.cookies.store(`appSession=${await cookieOf()}; Path=/`, new URL(app.host.url))
    sharedStore.before = ({ operation }) => {
      if (operation === 'add') throw new Error('down')
    }
    expect((await browser.navigate(url('/leave'))).status).toBe(503)
    sharedStore.before = () => undefined
    expect(await subjectOf(browser)).toBe('alice')
  })

  test('is reported as a session that was taken over, and not as a login', async () => {
    await begin()
    const watch = new AuditWatch()
    const remarks: unknown[] = []
    const tracing = watchAll(({ step, remarks: noted }) => void (step === 'session' && remarks.push(...(noted ?? []))))
    await browserWith(await cookieOf()).fetch(url('/me'))
    tracing.stop()
    watch.stop()
    expect(watch.events).toMatchObject([
      { name: 'session_migrated', outcome: 'success', subject: 'alice', session: expect.any(String) },
    ])
    expect(remarks).toContain('migrated')
  })
})

describe('what is refused without an error for the person', () => {
  const codeWith = async (cookie: string | Readonly<Record<string, string>>): Promise<unknown> => {
    const codes: unknown[] = []
    const tracing = watchAll(
      ({ step, errorCode }, phase) => void (step === 'session' && phase === 'error' && codes.push(errorCode)),
    )
    const answer = await browserWith(cookie).fetch(url('/me'))
    tracing.stop()
    expect([answer.status, answer.json()]).toMatchObject([200, { sub: null }])
    expect([...sharedStore.contents().keys()].filter((name) => name.startsWith('migrated'))).toEqual([])
    return codes.at(-1)
  }
  const cookieWith = async (changes: Record<string, unknown>): Promise<string> =>
    cookieOf({ id_token: await idToken(changes) })

  test.each([
    ['of another issuer', { iss: 'https://evil.example' }, 'token_issuer_mismatch'],
    ['for another client', { aud: 'client-2' }, 'token_audience_mismatch'],
    ['for another client beside this one', { aud: ['client-1', 'client-2'] }, 'token_audience_mismatch'],
    ['used by another client', { azp: 'client-2' }, 'token_audience_mismatch'],
    ['issued in the future', { iat: start + 3600 }, 'token_not_yet_valid'],
    ['not valid yet', { nbf: start + 3600 }, 'token_not_yet_valid'],
    ['without exp', { exp: undefined }, 'token_claim_missing'],
    ['with an exp that is not a date', { exp: 'never' }, 'token_claim_invalid'],
    ['that is a logout token', { events: { [logoutEvent]: {} } }, 'token_type_refused'],
    ['with an endless sub', { sub: 'x'.repeat(300) }, 'token_claim_invalid'],
  ])('an ID Token %s', async (_, changes, code) => {
    await begin()
    expect(await codeWith(await cookieWith(changes))).toBe(code)
  })

  test('an ID Token whose key the provider has given up', async () => {
    await begin()
    const cookie = await cookieOf({ id_token: await idToken({}, otherRsaKey) })
    expect(await codeWith(cookie)).toMatch(/^token_/)
  })

  test('an ID Token with another algorithm than agreed, or without signature', async () => {
    await begin()
    const claims = { iss: 'https://issuer.example', sub: 'alice', aud: 'client-1', iat: start - 900, exp: start - 600 }
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
    const symmetric = await mint(claims, Buffer.from('secret-1'.repeat(8)), { alg: 'HS256' })
    for (const token of [unsigned, symmetric])
      expect(await codeWith(await cookieOf({ id_token: token }))).toMatch(/^token_/)
  })

  test('a session that the old application had ended by its own limits', async () => {
    await begin()
    expect(await codeWith(await cookieOf({}, { header: { exp: start - 1 } }))).toBe('session_expired')
  })

  test('a session that was idle for too long by the limits here', async () => {
    await begin({ session: { idleSeconds: 600 } })
    expect(await codeWith(await cookieOf({}, { header: { uat: start - 601 } }))).toBe('session_expired')
  })

  test('a session that is older than the limits here allow', async () => {
    await begin({ session: { absoluteSeconds: 899, idleSeconds: 600 } })
    expect(await codeWith(await cookieOf({}, { header: { uat: start } }))).toBe('session_expired')
  })

  test('a session that begins in the future', async () => {
    await begin()
    expect(await codeWith(await oldCookie({ id_token: await idToken() }, start + 3600))).toBe('session_expired')
  })

  test('a session too large for cookies', async () => {
    await begin({ session: { maxCookieBytes: 1024 } })
    expect(await codeWith(await cookieOf({ refresh_token: 'r'.repeat(2000) }))).toBe('session_too_large')
  })

  test('a session too large for cookies by what is added when it begins, which is in no list then', async () => {
    const cookie = await cookieOf({ refresh_token: randomBytes(600).toString('base64url') })
    let [tooSmall, enough] = [1024, 3072]
    while (enough - tooSmall > 1) {
      const maxCookieBytes = Math.floor((tooSmall + enough) / 2)
      await begin({ session: { maxCookieBytes } })
      const answer = await browserWith(cookie).fetch(url('/me'))
      expect(answer.status).toBe(200)
      const isTakenOver = (answer.json() as { sub: unknown }).sub === 'alice'
      await settled()
      const lists = [...sharedStore.contents().keys()].filter((name) => name.startsWith('listed'))
      expect(lists).toHaveLength(isTakenOver ? 1 : 0)
      if (isTakenOver) enough = maxCookieBytes
      else tooSmall = maxCookieBytes
      await app.close()
    }
    expect(enough).toBeLessThan(3072)
    // The size of what is compressed differs by some bytes each time.
    await begin({ session: { maxCookieBytes: tooSmall - 50 } })
    expect(await codeWith(cookie)).toBe('session_too_large')
  })

  test('a sign-in weaker than every login here', async () => {
    await begin({ oidc: { authorizationParams: { acr_values: 'mfa' } } })
    expect(await codeWith(await cookieWith({ acr: 'pwd' }))).toBe('authentication_too_weak')
  })

  test('a cookie of another secret, and one that came twice', async () => {
    await begin()
    expect(await codeWith(await cookieOf({}, { secret: 'another secret' }))).toBeUndefined()
    const value = await cookieOf()
    const answer = await new Browser().fetch(url('/me'), {
      headers: { cookie: `appSession=${value}; appSession=planted` },
    })
    expect(answer.json()).toMatchObject({ sub: null })
  })

  test('one part of several that is missing', async () => {
    await begin()
    const { 'appSession.1': _, ...rest } = inParts(await cookieOf({ padding: 'x'.repeat(3000) }), 1500) as Record<
      string,
      string
    >
    expect(await codeWith(rest)).toBeUndefined()
  })

  test('a request that a page of another site makes with a SameSite=None cookie', async () => {
    await begin()
    const cookie = `appSession=${await cookieOf()}`
    const sent = async (headers: Record<string, string>, method = 'GET') =>
      (await new Browser().request('none', url('/me'), { method, headers: { cookie, ...headers } })).json()
    expect(
      await sent({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }),
    ).toMatchObject({ sub: null })
    expect(
      await sent(
        { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
        'POST',
      ),
    ).toMatchObject({ sub: null })
    expect(await sent({ origin: 'https://evil.example' }, 'POST')).toMatchObject({ sub: null })
    expect(
      await sent({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }),
    ).toMatchObject({ sub: 'alice' })
  })
})

describe('a logout that came before', () => {
  async function logoutToken(claims: Record<string, unknown>): Promise<void> {
    const token = signJws(
      { alg: 'RS256', kid: 'rsa-1', typ: 'logout+jwt' },
      {
        iss: 'https://issuer.example',
        aud: 'client-1',
        iat: start,
        exp: start + 120,
        jti: 'j-1',
        events: { [logoutEvent]: {} },
        ...claims,
      },
      rsaKey,
    )
    const body = new URLSearchParams({ logout_token: token })
    const answer = await new Browser().request('none', url('/backchannel-logout'), { body })
    expect(answer.status).toBe(200)
  }

  test.each([
    ['the person', { sub: 'alice' }],
    ['the session at the provider', { sid: 's-1' }],
  ])('of %s, by the back channel, ends old sessions that nobody has brought yet', async (_, claims) => {
    await begin()
    await logoutToken(claims)
    const browser = browserWith(await cookieOf({ id_token: await idToken({ sid: 's-1' }) }))
    expect(await subjectOf(browser)).toBeNull()
    expect(oldNames(browser)).toEqual([])
  })

  test('is no error for requests that come together with the old cookie, and removes it from each', async () => {
    await begin()
    const value = await cookieOf()
    await browserWith(value).navigate(url('/logout'), { site: 'same-origin' })
    const browsers = Array.from({ length: 4 }, () => browserWith(value))
    expect(await Promise.all(browsers.map((browser) => subjectOf(browser)))).toEqual(Array(4).fill(null))
    expect(browsers.flatMap((browser) => oldNames(browser))).toEqual([])
  })

  test('of another person ends nothing', async () => {
    await begin()
    await logoutToken({ sub: 'bob' })
    expect(await subjectOf(browserWith(await cookieOf()))).toBe('alice')
  })
})

describe('while the provider is unavailable', () => {
  test('answers 503 and keeps the old cookie, since the ID Token cannot be validated', async () => {
    await begin()
    const mend = app.provider.fail('/jwks', 500)
    const browser = browserWith(await cookieOf())
    const answer = await browser.fetch(url('/me'))
    expect([answer.status, oldNames(browser).length]).toEqual([503, 1])
    mend()
    app.clock.advance(120)
    expect(await subjectOf(browser)).toBe('alice')
  })
})

describe('an old access token that the UserInfo endpoint does not take', () => {
  const answeringWith = (status: number): Options => ({
    oidc: (_, provider) => {
      provider.answers['/userinfo'] = () => jsonAnswer({ error: 'invalid_token' }, status)
      return { userinfo: true }
    },
  })

  test.each([[400], [401], [403], [404]])('has the person sign in again, where it answers %i', async (status) => {
    await begin(answeringWith(status))
    const browser = browserWith(await cookieOf())
    expect(await subjectOf(browser)).toBeNull()
    expect((await browser.navigate(url('/login'))).status).toBe(302)
  })

  test('is tried again later where that is an outage', async () => {
    await begin(answeringWith(503))
    const browser = browserWith(await cookieOf())
    expect((await browser.fetch(url('/me'))).status).toBe(503)
    app.provider.answers['/userinfo'] = () => jsonAnswer({ sub: 'alice' })
    app.clock.advance(120)
    expect(await subjectOf(browser)).toBe('alice')
  })
})

describe('an old session whose key the provider has given up', () => {
  const logIn = async (): Promise<unknown> => {
    const browser = new Browser()
    const sent = await browser.navigate(url('/login'))
    const query = new URL(String(sent.headers['location'])).searchParams
    app.provider.answers['/token'] = async () =>
      jsonAnswer({
        ...tokens,
        expires_in: 600,
        id_token: await idToken(
          { sub: 'bob', iat: app.clock.seconds, exp: app.clock.seconds + 600, nonce: query.get('nonce') },
          otherRsaKey,
        ),
      })
    await browser.navigate(url(`/callback?code=c&state=${query.get('state')}`))
    return subjectOf(browser)
  }

  test('JK02: locks nobody out, and uses up no fetch of keys that logins need', async () => {
    await begin()
    app.provider.keys = [otherRsaKey]
    const browser = browserWith(await cookieOf())
    const statuses: unknown[] = []
    for (let request = 0; request < 30; request += 1) {
      statuses.push((await browser.fetch(url('/me'))).status)
      app.clock.advance(20)
    }
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect((await browser.navigate(url('/login'))).status).toBe(302)
    expect(oldNames(browser)).toHaveLength(1)
    expect(app.provider.count('/jwks')).toBeLessThan(12)
    expect(await logIn()).toBe('bob')
  })

  test('JK02: is not known to be one while keys were asked for too often: nobody is signed in, and its cookie stays', async () => {
    await begin()
    app.provider.keys = [otherRsaKey]
    for (let kid = 0; kid < 6; kid += 1) {
      const token = await idToken({}, { ...rsaKey, kid: `gone-${kid}` })
      const browser = browserWith(await cookieOf({ id_token: token }))
      expect([(await browser.fetch(url('/me'))).status, oldNames(browser).length]).toEqual([200, 1])
    }
    expect(app.provider.count('/jwks')).toBeLessThan(6)
    expect(await logIn()).toBe('bob')
  })

  test('is looked up a few times by many requests that bring it together', async () => {
    await begin()
    app.provider.keys = [otherRsaKey]
    for (let kid = 0; kid < 6; kid += 1) {
      const token = await idToken({}, { ...rsaKey, kid: `gone-${kid}` })
      await browserWith(await cookieOf({ id_token: token })).fetch(url('/me'))
    }
    const value = await cookieOf({ id_token: await idToken({}, { ...rsaKey, kid: 'gone' }) })
    const before = sharedStore.calls.length
    const subjects = await Promise.all(Array.from({ length: 20 }, () => subjectOf(browserWith(value))))
    expect(subjects).toEqual(Array(20).fill(null))
    expect(sharedStore.calls.length - before).toBeLessThan(60)
  })
})

describe('onLogin that fails for an old session', () => {
  const failing = async (error: () => unknown): Promise<() => number> => {
    let calls = 0
    const onLogin = (): never => {
      calls += 1
      throw error()
    }
    await begin({ oidc: { onLogin } })
    return () => calls
  }

  test.each([
    ['an error of its own', () => new Error('down')],
    ['an error of this package', () => new SessionError('session_store_unavailable', 'down')],
    ['nothing', () => undefined],
  ])('by %s leaves all pages to people who are not signed in, and guards report it', async (_, error) => {
    const calls = await failing(error)
    const browser = browserWith(await cookieOf())
    expect(await subjectOf(browser)).toBeNull()
    expect((await browser.navigate(url('/private'))).status).toBeGreaterThanOrEqual(500)
    expect([calls(), oldNames(browser).length]).toEqual([1, 1])
    app.clock.advance(11)
    expect(await subjectOf(browser)).toBeNull()
    expect([calls(), oldNames(browser).length]).toEqual([2, 1])
  })

  test('is not told by the session route as a logout', async () => {
    const onLogin = (): never => {
      throw new Error('down')
    }
    await begin({ oidc: { onLogin, routes: { session: '/session' } } })
    const answer = await browserWith(await cookieOf()).fetch(url('/session'), { headers: { 'x-csrf': '1' } })
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('isAuthenticated')
  })

  test('is told on the tracing channel', async () => {
    await failing(() => new Error('down'))
    const codes: unknown[] = []
    const tracing = watchAll(
      ({ step, errorCode }, phase) => void (step === 'session' && phase === 'error' && codes.push(errorCode)),
    )
    await browserWith(await cookieOf()).fetch(url('/me'))
    tracing.stop()
    expect(codes).toEqual(['unexpected_error'])
  })

  test('stops neither a login nor a logout, which call it for no old session and end that', async () => {
    const calls = await failing(() => new Error('down'))
    const value = await cookieOf()
    const browser = browserWith(value)
    expect((await browser.navigate(url('/login'))).status).toBe(302)
    expect((await browser.navigate(url('/logout'), { site: 'same-origin' })).status).toBe(302)
    expect([calls(), oldNames(browser)]).toEqual([0, []])
    expect(await subjectOf(browserWith(value))).toBeNull()
    expect(calls()).toBe(0)
  })

  test('by what it returns is a mistake of the application, as at the callback', async () => {
    await begin({ oidc: { onLogin: () => 'alice' as never } })
    const browser = browserWith(await cookieOf())
    expect([(await browser.fetch(url('/me'))).status, oldNames(browser).length]).toEqual([500, 1])
    expect((await browser.navigate(url('/login'))).status).toBe(302)
  })

  test('an onLogin() that responds itself ends the request of an old session', async () => {
    const seen: unknown[] = []
    await begin({
      oidc: {
        onLogin: (_login, req) => void (req as { res?: { end(text: string): void } }).res?.end('by onLogin'),
        onError: (error, { next }) => {
          seen.push((error as { code?: string }).code)
          next(error)
        },
      },
    })
    const answer = await browserWith(await cookieOf()).fetch(url('/me'))
    expect([answer.text, seen]).toEqual(['by onLogin', ['headers_already_sent']])
  })
})

describe('onLogin', () => {
  test('is called once for an old session that several requests bring at once', async () => {
    let calls = 0
    await begin({
      oidc: {
        onLogin: async () => {
          calls += 1
          await settled()
        },
      },
    })
    const value = await cookieOf()
    const subjects = await Promise.all(Array.from({ length: 5 }, () => subjectOf(browserWith(value))))
    expect([subjects, calls]).toEqual([Array(5).fill('alice'), 1])
  })

  test('that never ends is not waited for by others for longer than ten seconds', async () => {
    let calls = 0
    const onLogin = (): Promise<undefined> | undefined =>
      (calls += 1) === 1 ? new Promise(() => undefined) : undefined
    await begin({ oidc: { onLogin } })
    const value = await cookieOf()
    // Its request ends with the application.
    browserWith(value)
      .fetch(url('/me'))
      .catch(() => undefined)
    await until(() => calls === 1)
    expect(await pastDeadline(10, () => subjectOf(browserWith(value)))).toBe('alice')
    expect(calls).toBe(2)
  })
})

describe('an answer with the new cookie that was lost', () => {
  test('is made up for by the next one, however late, and no longer once the browser has the cookie', async () => {
    await begin()
    const value = await cookieOf()
    expect(await subjectOf(browserWith(value))).toBe('alice')
    app.clock.advance(1800)
    const browser = browserWith(value)
    expect(await subjectOf(browser)).toBe('alice')
    expect(await subjectOf(browser)).toBe('alice')
    await settled()
    app.clock.advance(11)
    expect(await subjectOf(browserWith(value))).toBeNull()
    expect(await subjectOf(browser)).toBe('alice')
  })

  test('does not keep a session from ending by a logout with the old cookie', async () => {
    await begin()
    const value = await cookieOf()
    const [lost, browser] = [browserWith(value), browserWith(value)]
    expect(await subjectOf(lost)).toBe('alice')
    await browser.navigate(url('/logout'), { site: 'same-origin' })
    expect(await subjectOf(lost)).toBeNull()
    expect(await subjectOf(browserWith(value))).toBeNull()
  })

  test.each([['get'], ['set'], ['add']] as const)(
    'because the store failed at %s, at whichever call, costs nobody the session',
    async (operation) => {
      for (let failing = 1; failing <= 4; failing += 1) {
        await begin({ session: { store: new FakeStore(new Clock()) } })
        const store = app.options.session?.store as FakeStore
        const browser = browserWith(await cookieOf())
        let calls = 0
        store.before = sharedStore.before = (call) => {
          if (call.operation === operation && (calls += 1) === failing) throw new Error('down')
        }
        const { status } = await browser.fetch(url('/me'))
        store.before = sharedStore.before = () => undefined
        expect([200, 503]).toContain(status)
        expect(await subjectOf(browser)).toBe('alice')
        await app.close()
      }
      await begin()
    },
  )
})

test('a session that is taken over is written to its store once: other requests may have changed it by then', async () => {
  await begin({ session: { store: new FakeStore(new Clock()) } })
  const store = app.options.session?.store as FakeStore
  expect(await subjectOf(browserWith(await cookieOf()))).toBe('alice')
  await settled()
  const writes = store.calls.filter(({ operation, names }) => operation !== 'get' && /^session:/.test(names[0] ?? ''))
  expect(writes.map(({ operation }) => operation)).toEqual(['set'])
})

describe('an old access token that the UserInfo endpoint refuses', () => {
  test('is not offered to it again with every request', async () => {
    await begin({
      oidc: (_, provider) => {
        provider.answers['/userinfo'] = () => jsonAnswer({ error: 'invalid_token' }, 401)
        return { userinfo: true }
      },
    })
    const browser = browserWith(await cookieOf())
    for (let request = 0; request < 3; request += 1) expect(await subjectOf(browser)).toBeNull()
    expect(app.provider.count('/userinfo')).toBe(1)
    app.clock.advance(301)
    expect(await subjectOf(browser)).toBeNull()
    expect(app.provider.count('/userinfo')).toBe(2)
  })
})

describe('with several tenants', () => {
  const template = 'https://login.example/{tenantid}/v2.0'
  const tenants = ['11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222']
  const issuerOf = (tid = ''): string => template.replace('{tenantid}', tid)

  test('two people with one sub, whose old sessions began in the same second, are two people', async () => {
    await begin({
      oidc: (_, provider) => {
        provider.answers['/metadata'] = () => jsonAnswer({ ...provider.metadata, issuer: template })
        return { issuer: template, tenants, discoveryUrl: 'https://issuer.example/metadata' }
      },
    })
    for (const tid of tenants) {
      const browser = browserWith(await cookieOf({ id_token: await idToken({ iss: issuerOf(tid), tid, sub: 'same' }) }))
      expect((await browser.fetch(url('/me'))).json()).toMatchObject({ sub: 'same', iss: issuerOf(tid) })
    }
  })
})

describe.each([
  ['in the cookie', false],
  ['on the server', true],
])('a session %s that is taken over at one of several base URLs', (_, withStore) => {
  const otherUrl = (baseUrl: string): string => baseUrl.replace('127.0.0.1', 'localhost')
  const subjectAt = async (browser: Browser, origin: string): Promise<unknown> =>
    ((await browser.fetch(`${origin}/me`)).json() as { sub: unknown }).sub
  async function beginAtBoth(): Promise<readonly [string, string]> {
    await begin({
      oidc: (baseUrl) => ({ baseUrl: undefined, baseUrls: [baseUrl, otherUrl(baseUrl)] }),
      session: withStore ? { store: new FakeStore(new Clock()) } : {},
    })
    return [app.host.url, otherUrl(app.host.url)]
  }

  test('began there, for all requests of the moment', async () => {
    const [, other] = await beginAtBoth()
    const value = await cookieOf()
    const browsers = [browserWith(value, '', other), browserWith(value, '', other)]
    for (let request = 0; request < 3; request += 1)
      for (const browser of browsers) expect(await subjectAt(browser, other)).toBe('alice')
  })

  test.each([[0], [1]])('does not count at another one (%i first)', async (first) => {
    const urls = await beginAtBoth()
    const [here = '', there = ''] = first === 0 ? urls : urls.toReversed()
    const value = await cookieOf()
    expect(await subjectAt(browserWith(value, '', here), here)).toBe('alice')
    expect(await subjectAt(browserWith(value, '', there), there)).toBeNull()
  })
})

describe('at the start', () => {
  test('refuses an end more than 30 days ahead', async () => {
    await expect(begin({ migrateFrom: { until: new Date((start + 31 * day) * 1000) } })).rejects.toThrow(
      /at most 30 days ahead/,
    )
    await begin()
  })
})
