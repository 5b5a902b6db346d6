import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { CompactEncrypt } from 'jose'
import { Browser, type RequestOptions } from '../../hosts/client.js'
import { hosts } from '../../hosts/hosts.js'
import type { Handler } from '../../hosts/layers.js'
import { done, logoutEvent, LogoutWorld, refused, verdictOf } from '../../kit/world/logout-world.js'
import { rawRequest, SpoiltFetch } from '../../kit/world/steps.js'
import { Clock } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { keyPair } from '../../kit/key-pair.js'

const urlencoded = 'application/x-www-form-urlencoded'

describe.each(hosts)('back-channel logout on $name', (host) => {
  let own: LogoutWorld
  let alice: Browser
  beforeAll(async () => {
    own = await LogoutWorld.start({ host })
    alice = await own.signedIn()
  })
  afterAll(() => own.close())

  const request = (options: RequestOptions) =>
    new Browser().request('none', own.world.url('/backchannel-logout'), options)

  test('BC01, BC16: ends the session, with an empty 200 that no cache keeps', async () => {
    const answer = await own.logout()
    expect([...verdictOf(answer), answer.headers['content-length']]).toEqual([...done, '0'])
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.setCookies).toEqual([])
    expect(await own.who(alice)).toBeNull()
    alice = await own.signedIn()
    expect(await own.who(alice)).toBe('alice')
  })

  test('BC01: ignores other parameters, and a query', async () => {
    const browser = await own.signedIn()
    const body = new URLSearchParams({ ignored_parameter: 'x', logout_token: await own.mint(), sid: 'y' })
    const url = own.world.url('/backchannel-logout?logout_token=z')
    expect(verdictOf(await new Browser().request('none', url, { body }))).toEqual(done)
    expect(await own.who(browser)).toBeNull()
    alice = await own.signedIn()
  })

  const twice = (token: string) => `logout_token=${token}&logout_token=${token}`
  test.each<[string, (token: string) => RequestOptions]>([
    ['by GET', (token) => ({ method: 'GET', headers: { 'x-token': token } })],
    ['by PUT', (token) => ({ method: 'PUT', body: new URLSearchParams({ logout_token: token }) })],
    [
      'as JSON',
      (token) => ({ body: JSON.stringify({ logout_token: token }), headers: { 'content-type': 'application/json' } }),
    ],
    ['as a JWT', (token) => ({ body: token, headers: { 'content-type': 'application/logout+jwt' } })],
    ['as a form without a type', (token) => ({ body: `logout_token=${token}` })],
    [
      'as a form in another charset',
      (token) => ({ body: `logout_token=${token}`, headers: { 'content-type': `${urlencoded}; charset=utf-7` } }),
    ],
    ['without a token', () => ({ body: new URLSearchParams({ token: 'x' }) })],
    ['with an empty token', () => ({ body: new URLSearchParams({ logout_token: '' }) })],
    ['with two tokens', (token) => ({ body: twice(token), headers: { 'content-type': urlencoded } })],
    [
      'with a list of tokens',
      (token) => ({ body: `logout_token[]=${token}`, headers: { 'content-type': urlencoded } }),
    ],
    ['with 100 KB', (token) => ({ body: new URLSearchParams({ logout_token: token, x: 'a'.repeat(100_000) }) })],
  ])('BC01: refuses %s with 400', async (_how, options) => {
    const answer = await request(options(await own.mint()))
    expect(verdictOf(answer)).toEqual(refused)
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' })
    expect(answer.setCookies).toEqual([])
    expect(await own.who(alice)).toBe('alice')
  })

  test('BC01: refuses a token in the query alone with 400', async () => {
    const url = own.world.url(`/backchannel-logout?logout_token=${await own.mint()}`)
    for (const method of ['GET', 'POST', 'HEAD'])
      expect((await new Browser().request('none', url, { method })).status).toBe(400)
    expect(await own.who(alice)).toBe('alice')
  })

  test('BC16: ignores the cookies of the request, and leaves them alone', async () => {
    for (const cookie of [
      `${own.world.cookie()}=garbage`,
      alice.cookies.header({ url: new URL(own.world.url('/')), crossSite: false, safeNavigation: true }),
    ]) {
      const answer = await own.post('garbage', { cookie: cookie ?? '' })
      expect([...verdictOf(answer), answer.setCookies]).toEqual([...refused, []])
    }
    expect(await own.who(alice)).toBe('alice')
  })
})

describe('a logout token', () => {
  let own: LogoutWorld
  let alice: Browser
  beforeAll(async () => {
    own = await LogoutWorld.start()
    alice = await own.signedIn()
  })
  afterAll(() => own.close())

  const stranger = keyPair('rsa', { modulusLength: 2048 })
  const now = () => Math.floor(own.world.clock.now() / 1000)

  test.each<[string, () => Promise<string>]>([
    [
      'BC02: that is encrypted',
      async () =>
        new CompactEncrypt(Buffer.from(await own.mint()))
          .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
          .encrypt(stranger.publicKey),
    ],
    ['BC03: whose signature is cut', async () => (await own.mint()).slice(0, -4)],
    ['BC03: with another alg than the registered one', () => own.mint({}, { alg: 'PS256' })],
    [
      'BC04: with alg none',
      async () => `${encoded({ alg: 'none', typ: 'logout+jwt' })}.${(await own.mint()).split('.')[1]}.`,
    ],
    ['BC05: of another issuer', () => own.mint({ iss: 'https://evil.example' })],
    ['BC05: for another client', () => own.mint({ aud: 'another' })],
    ['BC06: without iat', () => own.mint({ iat: undefined })],
    ['BC06: of six minutes ago', () => own.mint({ iat: now() - 360 })],
    ['BC06: from the future', () => own.mint({ iat: now() + 60 })],
    ['BC06: without exp', () => own.mint({ exp: undefined })],
    ['BC06: that is past', () => own.mint({ exp: now() - 31 })],
    ['BC07: about nobody', () => own.mint({ sub: undefined })],
    ['BC08: without events', () => own.mint({ events: undefined })],
    ['BC08: with another event', () => own.mint({ events: { 'http://schemas.openid.net/event/foo': {} } })],
    ['BC08: with events as a list', () => own.mint({ events: [logoutEvent] })],
    ['BC08: with an event that is not an object', () => own.mint({ events: { [logoutEvent]: true } })],
    ['that has a nonce', () => own.mint({ nonce: 'x' })],
    ['BC10: without jti', () => own.mint({ jti: undefined })],
    ['that is the ID Token', async () => (await alice.fetch(own.world.url('/id-token'))).json() as string],
  ])('%s is refused with 400, and ends nothing', async (_what, mint) => {
    const answer = await own.post(await mint())
    expect(verdictOf(answer)).toEqual(refused)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.text.length).toBeLessThan(200)
    expect(await own.who(alice)).toBe('alice')
  })

  test('BC10: is accepted once, until it is no longer valid', async () => {
    const token = await own.mint()
    expect(verdictOf(await own.post(token))).toEqual(done)
    alice = await own.signedIn()
    for (const seconds of [0, 60, 89]) {
      own.world.clock.advance(seconds)
      expect(verdictOf(await own.post(token))).toEqual(refused)
    }
    expect(await own.who(alice)).toBe('alice')
    own.world.clock.advance(2)
    expect((await own.post(token)).text).toContain('exp must not be in the past')
  })

  test('BC10: is accepted once, however many copies arrive at the same moment', async () => {
    const token = await own.mint({ sub: 'nobody' })
    const answers = await Promise.all(Array.from({ length: 5 }, () => own.post(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400])
  })

  test('BC12: for a session that is unknown or has ended is answered with 200', async () => {
    const browser = await own.signedIn()
    const sid = await own.sidOf(browser)
    expect(verdictOf(await own.logout({ sub: 'stranger' }))).toEqual(done)
    expect(verdictOf(await own.logout({ sub: undefined, sid: 'unknown' }))).toEqual(done)
    await browser.navigate(own.world.url('/logout'), { site: 'same-origin' })
    expect(verdictOf(await own.logout({ sid }))).toEqual(done)
    expect(verdictOf(await own.logout({ sid }))).toEqual(done)
  })

  test('BC13: with a sid ends that session, and no other of that person', async () => {
    const [one, other] = [await own.signedIn(), await own.signedIn()]
    const sid = await own.sidOf(one)
    expect(sid).not.toBe(await own.sidOf(other))
    await own.logout({ sub: undefined, sid })
    expect([await own.who(one), await own.who(other)]).toEqual([null, 'alice'])
  })

  test('BC13, SR07: with a sub alone ends all sessions of that person, and of nobody else', async () => {
    const [one, other, bob] = [await own.signedIn(), await own.signedIn(), await own.signedIn('/bob')]
    await own.logout({ sub: 'alice' })
    expect([await own.who(one), await own.who(other), await own.who(bob)]).toEqual([null, null, 'bob'])
  })

  test('BC13: with both ends the sessions that match both, and none where one does not match', async () => {
    const [one, other] = [await own.signedIn(), await own.signedIn()]
    const sid = await own.sidOf(one)
    await own.logout({ sub: 'bob', sid })
    await own.logout({ sub: 'alice', sid: `${sid}x` })
    expect([await own.who(one), await own.who(other)]).toEqual(['alice', 'alice'])
    await own.logout({ sub: 'alice', sid })
    expect([await own.who(one), await own.who(other)]).toEqual([null, 'alice'])
  })

  test('BC14: ends no session that began after it', async () => {
    const before = await own.signedIn()
    await own.logout({ sub: 'alice' })
    const after = await own.signedIn()
    expect([await own.who(before), await own.who(after)]).toEqual([null, 'alice'])
    own.world.clock.advance(600)
    expect(await own.who(after)).toBe('alice')
  })

  test('BC14: that arrives late ends no session that began since', async () => {
    const token = await own.mint({ sub: 'alice', exp: now() + 300 })
    own.world.clock.advance(60)
    const since = await own.signedIn()
    expect(verdictOf(await own.post(token))).toEqual(done)
    expect(await own.who(since)).toBe('alice')
  })

  test('BC14: from a clock that is behind ends the session all the same', async () => {
    const browser = await own.signedIn()
    await own.logout({ sub: 'alice', iat: now() - 29 })
    expect(await own.who(browser)).toBeNull()
  })

  test('SC03: ends a session for cookies, too, that were copied before', async () => {
    const browser = await own.signedIn()
    const cookie = browser.cookies.header({ url: new URL(own.world.url('/')), crossSite: false, safeNavigation: true })
    const replay = () => new Browser().fetch(own.world.url('/me'), { headers: { cookie: cookie ?? '' } })
    expect((await replay()).json()).toMatchObject({ user: { sub: 'alice' } })
    await own.logout({ sid: await own.sidOf(browser) })
    own.world.clock.advance(600)
    expect((await replay()).json()).toEqual({ user: null, auth: null })
  })

  test('BC16: in a body that does not announce its length is read up to 64 KiB and no further', async () => {
    const { host, origin } = new URL(own.world.url('/'))
    const head = [
      'POST /backchannel-logout HTTP/1.1',
      `Host: ${host}`,
      `Content-Type: ${urlencoded}`,
      'Transfer-Encoding: chunked',
    ]
    const body = 'a'.repeat(200_000)
    const answer = await rawRequest(
      origin,
      `${head.join('\r\n')}\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toMatch(/^connection: close/im)
  })
})

describe('back-channel logout', () => {
  let own: LogoutWorld
  afterEach(() => own.close())

  test('BC16: is not stopped by a body parser, nor by guards of browsers behind it', async () => {
    const parser: Handler = (req, _res, next) => {
      req.setEncoding('utf8')
      let text = ''
      req.on('data', (part: string) => (text += part))
      req.on('end', () => {
        Object.assign(req, { body: Object.fromEntries(new URLSearchParams(text)) })
        next()
      })
    }
    const csrf: Handler = (req, res, next) => (req.method === 'POST' ? void res.writeHead(403).end() : next())
    own = await LogoutWorld.start({ before: [parser], layers: [csrf] })
    const alice = await own.signedIn()
    expect(verdictOf(await own.logout())).toEqual(done)
    expect(await own.who(alice)).toBeNull()
  })

  test('BC16: asks the provider for nothing in a flood of garbage', async () => {
    own = await LogoutWorld.start()
    await own.logout()
    const before = own.world.provider.requests.length
    const texts = [
      '',
      'a.b.c',
      'x'.repeat(60_000),
      `${encoded({ alg: 'RS256' })}.e30.`,
      `${encoded({ alg: 'HS256' })}.e30.AA`,
    ]
    for (let i = 0; i < 50; i++) expect((await own.post(texts[i % texts.length] ?? '')).status).toBe(400)
    expect(own.world.provider.requests.length).toBe(before)
  })

  test('has its path below the base URL, where the application says', async () => {
    own = await LogoutWorld.start({ below: '/app', oidc: { routes: { backchannelLogout: '/bye' } } })
    const body = new URLSearchParams({ logout_token: await own.mint() })
    const answer = await new Browser().request('none', own.world.url('/app/bye'), { body })
    expect(verdictOf(answer)).toEqual(done)
    expect((await own.post(await own.mint())).status).toBe(404)
  })

  test('asks the provider a few times for strangers’ invented kids, and does not keep new keys from logins and refreshes', async () => {
    const httpClient = new SpoiltFetch()
    own = await LogoutWorld.start({ oidc: { fetch: httpClient.fetch } })
    const other = keyPair('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
    httpClient.spoil('/jwks', async () => Response.json({ keys: [{ ...other, kid: 'old' }] }))
    await own.world.app.ready()
    for (let i = 0; i < 30; i++) {
      const garbage = await own.mint({ aud: 'another' }, { kid: `invented-${i}` })
      expect(verdictOf(await own.post(garbage))).toEqual(refused)
    }
    for (let i = 0; i < 3; i++) expect((await own.post(await own.mint({}, { kid: `invented-${i}` }))).status).toBe(400)
    httpClient.spoil('/jwks')
    const answer = await own.post(await own.mint())
    expect([...verdictOf(answer), answer.headers['retry-after']]).toEqual([503, 'temporarily_unavailable', '30'])
    const browser = await own.signedIn()
    expect(await own.who(browser)).toBe('alice')
    expect(verdictOf(await own.post(await own.mint()))).toEqual(done)
    expect(await own.who(browser)).toBeNull()
  })

  test('BC15: is answered with 400 while the keys of the provider are unavailable, and works afterwards', async () => {
    const httpClient = new SpoiltFetch()
    own = await LogoutWorld.start({ oidc: { fetch: httpClient.fetch } })
    httpClient.spoil('/jwks', () => Promise.reject(new TypeError('fetch failed')))
    const token = await own.mint()
    const answer = await own.post(token)
    expect(verdictOf(answer)).toEqual([400, 'temporarily_unavailable'])
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'retry-after': expect.stringMatching(/^\d+$/) })
    httpClient.spoil('/jwks')
    own.world.clock.advance(5)
    expect(verdictOf(await own.post(token))).toEqual(done)
  })

  test.each([
    ['get', 1],
    ['add', 1],
    ['add', 2],
  ] as const)(
    'BC15: is answered with 400 where %s number %d of the store fails, and the same token works again',
    async (operation, nth) => {
      const sharedStore = new FakeStore({ now: () => Date.now() })
      own = await LogoutWorld.start({ oidc: { sharedStore: sharedStore } })
      const alice = await own.signedIn()
      let calls = 0
      sharedStore.before = (call) => {
        if (call.operation === operation && ++calls === nth) throw new Error('the memory is away')
      }
      const token = await own.mint()
      const answer = await own.post(token)
      expect(verdictOf(answer)).toEqual([400, 'temporarily_unavailable'])
      expect(answer.text).not.toContain('memory')
      sharedStore.before = () => undefined
      expect(verdictOf(await own.post(token))).toEqual(done)
      expect(await own.who(alice)).toBeNull()
      expect(verdictOf(await own.post(token))).toEqual(refused)
    },
  )
})

describe('back-channel logout in a shared store', () => {
  const worlds: LogoutWorld[] = []
  afterEach(async () => {
    await Promise.all(worlds.splice(0).map((world) => world.close()))
  })
  const start = async (sharedStore: FakeStore, clientId = 'web', session = {}): Promise<LogoutWorld> => {
    const world = await LogoutWorld.start({
      client: { client_id: clientId },
      oidc: { sharedStore: sharedStore, session },
    })
    worlds.push(world)
    return world
  }

  test('SR08: accepts sids of any characters, ends just their sessions, and stores none of them in plain text', async () => {
    const sharedStore = new FakeStore({ now: () => Date.now() })
    const own = await start(sharedStore)
    const alice = await own.signedIn()
    for (const sid of ['a:b', 'a*', '*', 'a b', `"`, `'`, '{}', 'a\r\nDEL b', 'logout:', String.raw`\u0000`]) {
      expect(verdictOf(await own.logout({ sub: undefined, sid, jti: `${sid}:*` }))).toEqual(done)
      expect(verdictOf(await own.logout({ sub: 'alice', sid }))).toEqual(done)
    }
    expect(await own.who(alice)).toBe('alice')
    const names = [...sharedStore.contents().keys()]
    expect(names.filter((name) => !/^[a-z]+:1:[\w-]{43}$/.test(name))).toEqual([])
    expect(names.filter((name) => name.startsWith('logout:'))).toHaveLength(20)
  })

  test('SR08: ends no session of another application in the same store, and each application uses its own token', async () => {
    const sharedStore = new FakeStore({ now: () => Date.now() })
    const [one, two] = [await start(sharedStore), await start(sharedStore, 'other')]
    const [atOne, atTwo] = [await one.signedIn(), await two.signedIn()]
    expect(verdictOf(await one.logout({ jti: 'same' }))).toEqual(done)
    expect([await one.who(atOne), await two.who(atTwo)]).toEqual([null, 'alice'])
    expect(verdictOf(await two.logout({ jti: 'same', aud: 'other' }))).toEqual(done)
    expect(await two.who(atTwo)).toBeNull()
  })

  test('SR07: ends all sessions of a person, the newest as well as the oldest', async () => {
    const sharedStore = new FakeStore({ now: () => Date.now() })
    const own = await start(sharedStore, 'web', { store: sharedStore })
    const browsers = [await own.signedIn(), await own.signedIn(), await own.signedIn()]
    expect(verdictOf(await own.logout())).toEqual(done)
    expect(await Promise.all(browsers.map((browser) => own.who(browser)))).toEqual([null, null, null])
    expect(await own.who(await own.signedIn())).toBe('alice')
  })

  test('BC10: remembers a token for as long as it could be used', async () => {
    const sharedStore = new FakeStore(new Clock())
    const own = await start(sharedStore)
    own.world.clock.stop()
    await own.logout({ exp: own.world.clock.seconds + 86_400 })
    const name = [...sharedStore.contents().keys()].find((key) => key.startsWith('logout:')) ?? ''
    const seconds = (sharedStore.remaining(name) ?? 0) / 1000
    expect(seconds).toBeGreaterThan(325)
    expect(seconds).toBeLessThanOrEqual(330)
  })
})

function encoded(members: object): string {
  return Buffer.from(JSON.stringify(members)).toString('base64url')
}
