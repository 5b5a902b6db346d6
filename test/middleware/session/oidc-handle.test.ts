import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { startWorld, type World } from '../../kit/world/world.js'
import { answering, get } from '../../kit/world/applications.js'

const layers = [
  answering('/state', ({ oidc, auth }) => ({
    isAuthenticated: oidc.isAuthenticated(),
    user: oidc.user ?? null,
    idToken: typeof oidc.idToken,
    data: oidc.data,
    session: oidc.session ?? null,
    auth: auth ?? null,
  })),
  answering('/token', async ({ oidc, url }) => {
    const minTtl = new URL(url ?? '', 'http://x').searchParams.get('minTtl')
    return { token: await oidc.accessToken(minTtl === null ? {} : { minTtl: Number(minTtl) }) }
  }),
  answering('/userinfo', ({ oidc }) => oidc.userinfo()),
  answering('/update', async ({ oidc, url }) => {
    const value = new URL(url ?? '', 'http://x').searchParams.get('value')
    await oidc.update(value === null ? { visits: 1, cart: undefined } : (JSON.parse(value) as never))
    return oidc.data
  }),
  answering('/replace', (req) => {
    const before = req.auth?.subject
    ;(req as { auth?: unknown }).auth = 'mine'
    return { before, after: req.auth, listed: Object.keys(req).includes('auth') }
  }),
  answering('/print', (req) => inspect(req.oidc, { depth: 10 }) + JSON.stringify(req.oidc)),
  get('/login-here', ({ oidc }) => oidc.login({ authorizationParams: { login_hint: 'bob' } })),
  get('/login-there', ({ oidc }) => oidc.login({ returnTo: '/state?there' })),
  get('/logout-here', ({ oidc }) => oidc.logout({ local: true })),
  get('/logout-there', ({ oidc }) => oidc.logout()),
  ...(['login', 'logout', 'update'] as const).map((call) =>
    get(`/late/${call}`, async ({ oidc }, res) => {
      res.write('[')
      const error: unknown = await oidc[call]({}).catch((reason: unknown) => reason)
      const { code, message } = error as { code: string; message: string }
      res.end(`${JSON.stringify({ code, message })}]`)
    }),
  ),
]

describe.each(hosts)('req.oidc on $name', (host) => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({
      host,
      layers,
      oidc: { onLogin: ({ claims }) => ({ data: { cart: [1], dept: claims['dept'] } }) },
      client: { grant_types: ['authorization_code'] },
      provider: { accessTokenTtl: 300 },
    })
  })
  afterAll(() => world.close())
  beforeEach(async () => {
    world.browser.cookies.clear()
    await world.signIn()
  })

  /** Signs in on a clock that stands, so that seconds can be counted. */
  const enterAt = async (): Promise<number> => {
    world.browser.cookies.clear()
    world.clock.stop()
    await world.signIn()
    return world.clock.seconds
  }
  const ask = async (path: string): Promise<unknown> => (await world.browser.fetch(world.url(path))).json()

  test('says who is signed in, until when, and what the application stores', async () => {
    const now = await enterAt()
    const state = (await ask('/state')) as Record<string, Record<string, unknown>>
    expect(state).toMatchObject({
      isAuthenticated: true,
      idToken: 'string',
      user: { iss: world.provider.issuer, sub: 'alice', name: 'Alice Example', dept: 'hr' },
      data: { cart: [1], dept: 'hr' },
      auth: {
        scheme: 'session',
        subject: 'alice',
        isMachine: false,
        issuer: world.provider.issuer,
        scopes: ['openid', 'profile', 'email'],
      },
    })
    expect(Object.keys(state['user'] ?? {})).not.toEqual(expect.arrayContaining(['nonce']))
    const { createdAt, idleExpiresAt, absoluteExpiresAt } = state['session'] as Record<string, number>
    expect([createdAt, absoluteExpiresAt, idleExpiresAt]).toEqual([now, now + 604_800, now + 86_400])
    expect(state['auth']?.['expiresAt']).toBe(idleExpiresAt)
  })

  test('says that nobody is signed in', async () => {
    expect((await new Browser().fetch(world.url('/state'))).json()).toEqual({
      isAuthenticated: false,
      user: null,
      idToken: 'undefined',
      data: {},
      session: null,
      auth: null,
    })
  })

  test.each(['/token', '/userinfo', '/update'])('refuses %s when nobody is signed in', async (path) => {
    const answer = await new Browser().fetch(world.url(path))
    expect([answer.status, answer.json()]).toMatchObject([401, { code: 'session_missing' }])
    expect(answer.text).toContain(`put requireAuth() before`)
  })

  test('gives the access token while it lives long enough', async () => {
    await enterAt()
    expect(await ask('/token')).toEqual({ token: expect.stringMatching(/^\S{20,}$/) })
    expect(await ask('/token?minTtl=299')).toHaveProperty('token')
    const answer = await world.browser.fetch(world.url('/token?minTtl=301'))
    expect([answer.status, answer.json()]).toEqual([
      401,
      {
        code: 'access_token_expired',
        message:
          'the access token has less than 301 seconds to live, and the login brought no refresh token: sign in again, or configure the provider to issue one (docs/refresh.md)',
      },
    ])
    expect(await ask('/token?minTtl=x')).toMatchObject({ code: 'invalid_options' })
    expect(await ask('/token?minTtl=-1')).toMatchObject({ code: 'invalid_options' })
  })

  test("asks the provider's userinfo endpoint", async () => {
    expect(await ask('/userinfo')).toMatchObject({ sub: 'alice', email: 'alice@example.com', dept: 'hr' })
  })

  test('adds members to the data, and removes those that are undefined', async () => {
    expect(await ask('/update')).toEqual({ dept: 'hr', visits: 1 })
    expect(await ask('/update?value={"theme":"dark"}')).toEqual({ dept: 'hr', visits: 1, theme: 'dark' })
    expect(await ask('/state')).toMatchObject({
      data: { dept: 'hr', visits: 1, theme: 'dark' },
      user: { sub: 'alice' },
    })
  })

  test.each(['[1]', '"text"', 'null', '7', '{"__proto__":{"a":1}}', '{"a":{"__proto__":{}}}'])(
    'cannot store %s',
    async (value) => {
      const answer = await world.browser.fetch(world.url(`/update?value=${encodeURIComponent(value)}`))
      expect([answer.status, answer.json()]).toMatchObject([500, { code: 'invalid_options' }])
      expect(await ask('/state')).toMatchObject({ data: { cart: [1], dept: 'hr' } })
    },
  )

  test('refuses data that no cookie can hold, and keeps the session', async () => {
    const value = JSON.stringify({ note: randomBytes(9000).toString('base64url') })
    const answer = await world.browser.fetch(world.url(`/update?value=${value}`))
    expect([answer.status, answer.json()]).toMatchObject([500, { code: 'session_too_large' }])
    expect(await ask('/state')).toMatchObject({ data: { cart: [1] } })
  })

  test('starts a login from any page, with parameters, and comes back', async () => {
    const page = await world.browser.navigate(world.url('/login-there'), { follow: true })
    expect([page.url, page.status]).toEqual([world.url('/state?there'), 200])
    const { location } = await world.browser.navigate(world.url('/login-here?x=1'))
    expect(new URL(location ?? '').searchParams.get('login_hint')).toBe('bob')
  })

  test('signs out here, and at the provider', async () => {
    const local = await world.browser.navigate(world.url('/logout-here'))
    expect([local.status, local.location]).toEqual([302, world.url('/')])
    expect(await ask('/state')).toMatchObject({ isAuthenticated: false })
    await world.signIn()
    const { location } = await world.browser.navigate(world.url('/logout-there'))
    expect(location?.startsWith(`${world.provider.issuer}/session/end?`)).toBe(true)
    expect(await ask('/state')).toMatchObject({ isAuthenticated: false })
  })

  test.each(['login', 'logout', 'update'])('refuses %s() once headers were written', async (call) => {
    expect(await ask(`/late/${call}`)).toEqual([
      {
        code: 'headers_already_sent',
        message: `${call}() was called after the response's headers were written: call it earlier`,
      },
    ])
    expect(await ask('/state')).toMatchObject({ isAuthenticated: true })
  })

  test('leaves req.auth to the application that sets it', async () => {
    expect(await ask('/replace')).toEqual({ before: 'alice', after: 'mine', listed: true })
  })

  test('shows nothing of what it holds when it is printed', async () => {
    expect(await ask('/print')).toBe('OidcHandle {}{}')
  })
})

describe('the session', () => {
  test('ends with the idle limit or the absolute one, whichever comes first', async () => {
    const session = { idleSeconds: 600, absoluteSeconds: 1500 }
    const world = await startWorld({ oidc: { session } })
    await world.signIn()
    const isSignedIn = async (after: number): Promise<boolean> => {
      world.clock.advance(after)
      return (await world.me()).user !== null
    }
    expect([await isSignedIn(590), await isSignedIn(590)]).toEqual([true, true])
    expect([await isSignedIn(300), await isSignedIn(30)]).toEqual([true, false])
    await world.signIn()
    expect(await isSignedIn(601)).toBe(false)
    await world.close()
  })

  test('does not begin when onLogin refuses, and begins without data when it returns true', async () => {
    let answer: boolean | undefined = false
    const world = await startWorld({ oidc: { onLogin: async () => answer } })
    const refused = await world.signIn()
    expect([refused.status, refused.json()]).toMatchObject([403, { code: 'login_refused' }])
    expect(await world.me()).toEqual({ user: null, auth: null })
    for (answer of [true, undefined]) {
      world.browser.cookies.clear()
      await world.signIn()
      expect(await world.me()).toMatchObject({ user: { sub: 'alice' } })
    }
    await world.close()
  })
})
