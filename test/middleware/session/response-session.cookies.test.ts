import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { parseOidcOptions } from '../../../lib/options/oidc/schema.js'
import { createSeal } from '../../../lib/seal/seal.js'
import { Browser } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import { answering } from '../../kit/world/applications.js'
import { secret, startWorld, type World } from '../../kit/world/world.js'

const name = 'oidc'
const session = { cookie: { name }, idleSeconds: 600, absoluteSeconds: 1800, rollingStepSeconds: 60 }
const layers = [
  answering('/data', ({ oidc }) => oidc.data),
  answering('/fill', async ({ oidc, url }) => {
    await oidc.update({ fill: randomBytes(Number(url?.split('=')[1])).toString('base64url') })
    return oidc.data
  }),
  answering('/mutate', ({ oidc, auth }) => {
    const attempts = [
      () => ((oidc.data as { isAdmin?: boolean }).isAdmin = true),
      () => ((oidc.user as unknown as { sub: string }).sub = 'root'),
      () => (auth?.claims['roles'] as string[]).push('owner'),
      () => (auth?.scopes as string[]).push('orders:write'),
      () => ((auth as unknown as { subject: string }).subject = 'root'),
    ]
    return attempts.map((attempt) => {
      try {
        return attempt()
      } catch (error) {
        return (error as Error).name
      }
    })
  }),
]

/** Signs in with a browser of its own and returns its session cookies. */
async function sessionOf(world: World, path = '/'): Promise<Record<string, string>> {
  const browser = new Browser()
  await browser.navigate(world.url('/login'), { follow: true })
  if (path !== '/') await browser.fetch(world.url(path))
  const cookies = browser.cookies.cookiesFor(world.url('/')).filter((cookie) => /^oidc(\.\d)?$/.test(cookie.name))
  return Object.fromEntries(cookies.map((cookie) => [cookie.name, cookie.value]))
}

/** Makes a request with exactly these cookies. */
function send(world: World, cookies: Record<string, string>, path = '/me') {
  const cookie = Object.entries(cookies).map(([key, value]) => `${key}=${value}`)
  return new Browser().fetch(world.url(path), { headers: { cookie: cookie.join('; ') } })
}

const anonymous = { user: null, auth: null }

describe.each(hosts)('a session cookie on $name', (host) => {
  let world: World
  let cookies: Record<string, string>
  beforeAll(async () => {
    world = await startWorld({ host, layers, oidc: { session } })
    cookies = await sessionOf(world)
  })
  afterAll(() => world.close())

  test('SC01: that is changed, cut or foreign is anonymous, not an error, and is removed if it names our key', async () => {
    const value = cookies[name] ?? ''
    const parts = value.split('.')
    const others = (await sessionOf(world))[name]?.split('.') ?? []
    const ours = [
      ...[75, 200, value.length - 1].map((at) => flip(value, at)),
      value.slice(0, -1),
      value.slice(0, 100),
      `${value}A`,
      parts.with(2, others[2] ?? '').join('.'),
      parts.with(4, others[4] ?? '').join('.'),
      `2.${value}`,
    ]
    const strangers = [
      ...[0, 10, 60].map((at) => flip(value, at)),
      'garbage',
      '%E0%A4%A',
      createSealFor(['session', name], 'another secret for tests, 32 characters').seal({ exp: 4_000_000_000, v: 1 }),
    ]
    for (const mutant of [...ours, ...strangers]) {
      const answer = await send(world, { [name]: mutant })
      expect([answer.status, answer.json()]).toEqual([200, anonymous])
      const removed = expect.stringMatching(/^oidc=; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970/) as unknown
      expect(answer.setCookies).toEqual(ours.includes(mutant) ? [removed] : [])
    }
    expect((await send(world, cookies)).json()).toMatchObject({ user: { sub: 'alice' } })
    expect(world.host.journal.errors).toEqual([])
  })

  test('SC04: of two mixed sessions, or with parts missing or out of order, is anonymous', async () => {
    const [a, b] = [await sessionOf(world, '/fill?=3000'), await sessionOf(world, '/fill?=3000')]
    expect([Object.keys(a), Object.keys(b)]).toEqual([
      [name, 'oidc.1'],
      [name, 'oidc.1'],
    ])
    const [a0 = '', a1 = '', b1 = ''] = [a[name], a['oidc.1'], b['oidc.1']]
    const mixtures = [
      { [name]: a0, 'oidc.1': b1 },
      { [name]: a0 },
      { 'oidc.1': a1 },
      { [name]: a1, 'oidc.1': a0 },
      { [name]: a0.replace('2.', '3.'), 'oidc.1': a1, 'oidc.2': a1 },
      { [name]: a0.slice(2), 'oidc.1': a1 },
    ]
    for (const mixture of mixtures) expect((await send(world, mixture)).json()).toEqual(anonymous)
    const stale = await send(world, { ...a, 'oidc.2': 'stale' })
    expect(stale.json()).toMatchObject({ user: { sub: 'alice' } })
  })

  test('SC10: holds data, a user and a principal that a handler cannot change at any depth', async () => {
    const answer = await send(world, cookies, '/mutate')
    expect(answer.json()).toEqual(['TypeError', 'TypeError', 'TypeError', 'TypeError', 'TypeError'])
  })
})

function flip(value: string, at: number): string {
  return value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1)
}

function createSealFor(purpose: readonly string[], from = secret): ReturnType<typeof createSeal> {
  return createSeal([from], purpose, { now: Date.now, randomBytes })
}

describe('the session in a cookie', () => {
  let world: World
  beforeAll(async () => {
    world = await startWorld({ layers, oidc: { session } })
  })
  afterAll(() => world.close())
  beforeEach(() => world.browser.cookies.clear())

  const issued = (lines: readonly string[]): string[] => lines.filter((line) => /^oidc(\.\d)?=/.test(line))

  test('SC02: is new after a login, without the data of the one before', async () => {
    await world.signIn()
    const planted = world.browser.cookies.cookiesFor(world.url('/')).find((cookie) => cookie.name === name)?.value
    await world.browser.fetch(world.url('/fill?=10'))
    await world.signIn()
    const after = world.browser.cookies.cookiesFor(world.url('/')).find((cookie) => cookie.name === name)?.value
    expect(after).not.toBe(planted)
    expect((await world.browser.fetch(world.url('/data'))).json()).toEqual({})
    const seal = createSealFor(['session', name, world.provider.issuer, 'web'])
    const ids = [planted, after].map((value) => seal.open(value ?? '')?.payload['id'])
    expect(ids[0]).not.toBe(ids[1])
    for (const id of ids) expect(id).toMatch(/^[\w-]{43}$/)
  })

  test.each([
    [false, true, undefined],
    [false, false, false],
    [true, true, true],
    [true, false, undefined],
  ])(
    'with transient: %p and remember: %p has a member for it only where they differ',
    async (transient, remember, rem) => {
      const cookie = { name, transient }
      const app = await startWorld({ oidc: { session: { ...session, cookie }, onLogin: () => ({ remember }) } })
      const value = (await sessionOf(app))[name] ?? ''
      const opened = createSealFor(['session', name, app.provider.issuer, 'web']).open(value)
      expect(opened?.payload['rem']).toBe(rem)
      await app.close()
    },
  )

  test('SC03: that was copied ends by the times that are sealed inside, whatever the browser keeps (without a list of ended sessions)', async () => {
    const copied = await sessionOf(world)
    expect((await send(world, copied)).json()).toMatchObject({ user: { sub: 'alice' } })
    world.clock.advance(601)
    expect((await send(world, copied)).json()).toEqual(anonymous)
  })

  test('SC06: over the size budget is an error that says so, not a circle of logins', async () => {
    await world.signIn()
    const answer = await world.browser.fetch(world.url('/fill?=8000'))
    expect([answer.status, answer.json()]).toMatchObject([500, { code: 'session_too_large' }])
    const huge = await startWorld({
      oidc: { onLogin: () => ({ data: { fill: randomBytes(8000).toString('base64url') } }) },
    })
    const page = await huge.signIn()
    expect([page.status, page.json()]).toMatchObject([500, { code: 'session_too_large' }])
    expect(issued(page.setCookies)).toEqual([])
    await huge.close()
  })

  test('SC07: is sealed with a new secret on the next request, and the old one is not needed any more', async () => {
    const next = 'the next secret for tests, 32 characters and more'
    const { provider } = world
    await world.signIn()
    const old = Object.fromEntries(world.browser.cookies.cookiesFor(world.url('/')).map((c) => [c.name, c.value]))
    const at = async (given: string[], cookies: Record<string, string>) => {
      const other = await startWorld({ oidc: { session, issuer: provider.issuer, secret: given } })
      const answer = await send(other, cookies)
      await other.close()
      return answer
    }
    expect((await at([next], old)).json()).toEqual(anonymous)
    const rotated = await at([next, secret], old)
    expect(rotated.json()).toMatchObject({ user: { sub: 'alice' } })
    const value = /^oidc=([^;]+)/.exec(issued(rotated.setCookies)[0] ?? '')?.[1] ?? ''
    expect((await at([next], { [name]: value })).json()).toMatchObject({ user: { sub: 'alice' } })
  })

  test('SC08: needs a strong secret, and one secret serves two clients, issuers or cookies without mixing them', async () => {
    const options = { issuer: world.provider.issuer, clientId: 'web', baseUrl: 'https://app.example.com' }
    for (const weak of ['secret', '', 'a'.repeat(40), 'keyboard cat'])
      expect(() => parseOidcOptions({ ...options, secret: weak })).toThrow('"secret" must be random')
    const cookies = await sessionOf(world)
    const same = { issuer: world.provider.issuer, session }
    const others = [{ ...same, clientId: 'other' }, { session }, { ...same, session: { cookie: { name: 'x' } } }]
    for (const oidc of others) {
      const other = await startWorld({ oidc })
      const answer = await send(other, { ...cookies, x: cookies[name] ?? '' })
      expect(answer.json()).toEqual(anonymous)
      await other.close()
    }
  })

  test('SC09: has a new initialisation vector each time', async () => {
    const vectors = new Set<string>()
    for (let i = 0; i < 20; i++) vectors.add((await sessionOf(world))[name]?.split('.')[2] ?? '')
    expect(vectors.size).toBe(20)
  })

  test('SC10: with a forbidden name inside is anonymous though authentic, and pollutes nothing', async () => {
    const seal = createSealFor(['session', name, world.provider.issuer, 'web'])
    const payload = JSON.parse('{"exp":4000000000,"v":1,"__proto__":{"isAdmin":true}}') as { exp: number }
    expect((await send(world, { [name]: seal.seal(payload) })).json()).toEqual(anonymous)
    expect(Reflect.get({}, 'isAdmin')).toBeUndefined()
  })

  test('SC12: cannot have a name, domain or SameSite that browsers would refuse', () => {
    const options = { issuer: 'https://op.example.com', clientId: 'web', baseUrl: 'https://app.example.com', secret }
    for (const cookie of [
      { name: '__Host-x' },
      { sameSite: 'None' },
      { domain: 'example.org' },
      { path: '/app' },
      { secure: false },
    ])
      expect(() => parseOidcOptions({ ...options, session: { cookie } })).toThrow(/"session\.cookie\./)
  })

  test('SC13: is set by responses that no cache keeps, while other responses may be cached', async () => {
    const login = await world.signIn()
    expect(login.headers['cache-control']).toBeUndefined()
    world.clock.advance(60)
    const rolled = await world.browser.fetch(world.url('/data'))
    expect(rolled.setCookies).toHaveLength(1)
    expect(rolled.headers).toMatchObject({ 'cache-control': 'no-store', vary: 'Cookie' })
  })

  test('SC14: is not written by a request that changes nothing (a response of over five seconds never writes it)', async () => {
    await world.signIn()
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.browser.fetch(world.url('/data'))))
    expect(answers.flatMap(({ setCookies }) => setCookies)).toEqual([])
  })

  test('SC16: does not outlive its absolute limit by polling, nor by a clock that is set back', async () => {
    await world.signIn()
    const isSignedIn = async (seconds: number): Promise<boolean> => {
      world.clock.advance(seconds)
      return (await world.me()).user !== null
    }
    const polled: boolean[] = []
    for (let i = 0; i < 4; i++) polled.push(await isSignedIn(440))
    expect([polled, await isSignedIn(60)]).toEqual([[true, true, true, true], false])
    world.clock.stop()
    await world.signIn()
    expect([await isSignedIn(-300), await isSignedIn(300 + 599), await isSignedIn(600)]).toEqual([true, true, false])
  })
})

describe.each(hosts)('a late write to the session on $name', (host) => {
  test('SC15: is an error for the caller where headers were sent, never a crash', async () => {
    const world = await startWorld({
      host,
      layers: [
        answering('/flushed', async ({ oidc }, res) => {
          res.flushHeaders()
          const error: unknown = await oidc.update({ a: 1 }).catch((reason: unknown) => reason)
          res.end((error as { code: string }).code)
        }),
      ],
    })
    await world.signIn()
    const answer = await world.browser.fetch(world.url('/flushed'))
    expect([answer.status, answer.text, answer.setCookies]).toEqual([200, 'headers_already_sent', []])
    await world.close()
  })
})
