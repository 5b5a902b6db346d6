import { beforeEach, describe, expect, test } from '@jest/globals'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import express from 'express'
import request from 'supertest'
import { deviceBound, errorPages, oidc, type OidcOptions, requireAuth } from '../../../lib/index.js'
import { type TestProvider, testProvider } from '../../../lib/testing/index.js'
import { challengeIn, DeviceBrowser, deviceProof, newDeviceKey } from '../../kit/devices/device-browser.js'
import { FakeStore } from '../../kit/stores/memory.js'

let provider: TestProvider

beforeEach(async () => {
  provider = await testProvider({ users: { alice: {}, bob: {} } })
  provider.freeze()
})

const now = (): number => provider.now()

function web(changes: Partial<OidcOptions> = {}) {
  const { session, ...others } = changes
  const options = { ...provider.options.oidc, session: { deviceBound: true, ...session }, ...others }
  const app = express().use(oidc(options))
  app.get('/me', (req, res) => void res.json(req.oidc.user?.sub ?? null))
  app.get('/private', requireAuth({ challenge: 'respond' }), (req, res) => void res.json(req.auth?.subject))
  app.get('/strong', requireAuth(deviceBound()), (req, res) => void res.json(req.auth?.isDeviceBound))
  app.get('/note', async (req, res) => {
    await req.oidc.update({ note: 'kept' })
    res.json(req.oidc.data)
  })
  app.get('/data', (req, res) => void res.json(req.oidc.data))
  app.use(errorPages())
  return app
}

type Web = ReturnType<typeof web>

async function enter(app: Web, user = 'alice', more: Partial<ConstructorParameters<typeof DeviceBrowser>[0]> = {}) {
  const browser = new DeviceBrowser({ app, now, ...more })
  await provider.signIn(browser.fetch, user)
  return browser
}

const as = async (app: Web, cookie: string, path = '/private') => {
  const { status } = await request(app).get(path).set('cookie', cookie)
  return status
}

const places: readonly (readonly [string, () => Partial<OidcOptions>])[] = [
  ['in the cookie', () => ({})],
  ['in a store', () => ({ session: { store: new FakeStore({ now: () => now() * 1000 }) } })],
]

describe.each(places)('a bound session %s', (_place, options) => {
  test.each(['ES256', 'RS256'] as const)('goes on in the browser that keeps the key, %s', async (alg) => {
    const app = web(options())
    const alice = await enter(app, 'alice', { alg })
    expect((await alice.get('/private')).body).toBe('alice')
    for (let minutes = 0; minutes < 30; minutes += 6) {
      provider.advance(360)
      expect((await alice.get('/private')).status).toBe(200)
    }
    expect(alice.answers.filter(({ status }) => status === 200).length).toBeGreaterThan(4)
  })

  test('DB01: is of no use to whoever has copied all cookies, once the bound cookie has run out', async () => {
    const app = web(options())
    const alice = await enter(app)
    await alice.get('/private')
    const stolen = alice.cookie
    expect(await as(app, stolen)).toBe(200)
    provider.advance(299)
    expect(await as(app, stolen)).toBe(200)
    provider.advance(1)
    expect(await as(app, stolen)).toBe(401)
    expect((await alice.get('/private')).status).toBe(200)
    expect(await as(app, stolen)).toBe(401)
  })

  test('DB02: is not taken for unbound when a copy of its cookie from before comes back', async () => {
    const app = web(options())
    const alice = new DeviceBrowser({ app, now })
    alice.registersAtOnce = false
    await provider.signIn(alice.fetch, 'alice')
    const early = alice.cookie
    await alice.register()
    await alice.get('/private')
    provider.advance(61)
    expect(await as(app, early)).toBe(401)
    expect((await alice.get('/private')).status).toBe(200)
  })

  test('DB10: counts as bound from the registration on, whether or not a request has followed', async () => {
    const app = web(options())
    const alice = await enter(app)
    const stolen = alice.cookie.replace(/; [^;]*bound-[^;]*/, '')
    provider.advance(61)
    expect(await as(app, stolen)).toBe(401)
    expect((await alice.get('/strong')).body).toBe(true)
  })

  test('keeps what it holds while the proof is missing', async () => {
    const app = web(options())
    const alice = await enter(app)
    await alice.get('/note')
    alice.forget('.bound-')
    provider.advance(400)
    const refused = await request(app).get('/private').set('cookie', alice.cookie)
    expect([refused.status, refused.headers['set-cookie']]).toEqual([401, undefined])
    expect((await alice.get('/data')).body).toEqual({ note: 'kept' })
  })

  test('ends with a logout: the cookie goes, and the browser is told to end the binding', async () => {
    const app = web(options())
    const alice = await enter(app)
    await alice.get('/private')
    const stolen = alice.cookie
    await provider.signOut(alice.fetch)
    expect(alice.cookie).not.toContain('bound')
    const { session_identifier: id } = alice.bound ?? {}
    await alice.get('/me')
    expect(alice.answers.at(-1)).toMatchObject({ status: 200, body: { session_identifier: id, continue: false } })
    expect([alice.bound, await as(app, stolen)]).toEqual([undefined, 401])
  })

  test('ends with a logout by the provider', async () => {
    const app = web(options())
    const alice = await enter(app)
    await alice.get('/private')
    expect(await provider.backchannelLogout('alice')).toEqual([200])
    expect((await alice.get('/private')).status).toBe(401)
    await alice.refresh()
    expect(alice.answers.at(-1)?.body).toMatchObject({ continue: false })
  })

  test('goes on as before in a browser that knows nothing of it', async () => {
    const app = web(options())
    const old = await enter(app, 'alice', { isOld: true })
    for (const seconds of [0, 61, 3600]) {
      provider.advance(seconds)
      expect((await old.get('/private')).status).toBe(200)
    }
    expect(old.answers).toEqual([])
  })

  test('begins anew with a login: another binding, under which nothing of the old one counts', async () => {
    const app = web(options())
    const alice = await enter(app)
    await alice.get('/private')
    const [before, stolen] = [alice.bound, alice.cookie]
    await provider.signIn(alice.fetch, 'alice', { path: '/login' })
    expect(alice.bound?.session_identifier).not.toBe(before?.session_identifier)
    expect(alice.bound?.credentials[0]?.name).not.toBe(before?.credentials[0]?.name)
    expect((await alice.get('/strong')).body).toBe(true)
    expect(await as(app, stolen)).toBe(401)
    alice.bound = before
    expect((await alice.ask()).body).toMatchObject({ continue: false })
  })
})

describe('the offer to bind a session', () => {
  test('is on the response of the callback, and on no other', async () => {
    const alice = await enter(web())
    expect(alice.offer).toMatch(/^\(ES256 RS256\);path="\/device-registration";challenge="[\w.-]+"$/)
    const { headers } = await alice.get('/private')
    expect(headers['secure-session-registration']).toBeUndefined()
  })

  test('is not made without the option, and neither are there routes', async () => {
    const { session: _, ...others } = provider.options.oidc as OidcOptions
    const app = express().use(oidc(others))
    const alice = await enter(app)
    expect(alice.offer).toBeUndefined()
    for (const path of ['/device-registration', '/device-refresh'])
      expect((await request(app).post(path)).status).toBe(404)
  })

  test('is answered with instructions for this origin and a cookie of at most five minutes', async () => {
    const alice = await enter(web())
    const answer = alice.answers[0]
    const name = alice.bound?.credentials[0]?.name ?? ''
    expect(answer?.body).toEqual({
      session_identifier: expect.stringMatching(/^[\w.-]+$/),
      refresh_url: '/device-refresh',
      scope: { origin: 'http://localhost:3000', include_site: false, scope_specification: [] },
      credentials: [{ type: 'cookie', name, attributes: 'Path=/; HttpOnly; SameSite=Lax' }],
      allowed_refresh_initiators: ['*'],
    })
    const [cookie] = [answer?.headers['set-cookie'] ?? []].flat()
    expect(cookie).toMatch(new RegExp(`^${name}=[\\w.-]+; Max-Age=300; Path=/; HttpOnly; SameSite=Lax$`))
    expect(answer?.headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    })
  })

  test('names paths below the base URL, and leaves the rest of the origin alone', async () => {
    const baseUrl = 'http://localhost:3000/shop'
    const alice = await enter(web({ baseUrl, routes: { deviceRegistration: '/bind', deviceRefresh: '/prove' } }))
    expect(alice.offer).toContain('path="/shop/bind"')
    expect(alice.bound).toMatchObject({
      refresh_url: '/shop/prove',
      scope: {
        scope_specification: [
          { type: 'include', domain: '*', path: '/shop' },
          { type: 'exclude', domain: '*', path: '/' },
          { type: 'include', domain: '*', path: '/shop' },
        ],
      },
    })
  })

  test('over https, has a cookie that no other host can set', async () => {
    const app = web({ baseUrl: 'https://app.example.com', session: { cookie: { sameSite: 'Strict' } } })
    const alice = await enter(app)
    expect(alice.bound?.credentials[0]).toMatchObject({
      name: expect.stringMatching(/^__Host-oidc_[0-9a-f]{8}\.bound-[\w-]{16}$/),
      attributes: 'Path=/; HttpOnly; Secure; SameSite=Strict',
    })
  })

  test('lets the cookie live for less where the options say so', async () => {
    const app = web({ session: { deviceBound: { cookieSeconds: 30 } } })
    const alice = await enter(app)
    await alice.get('/private')
    const stolen = alice.cookie
    provider.advance(61)
    expect(await as(app, stolen)).toBe(401)
  })
})

describe('the registration of a key', () => {
  let app: Web
  let alice: DeviceBrowser

  beforeEach(async () => {
    app = web()
    alice = new DeviceBrowser({ app, now })
    alice.registersAtOnce = false
    await provider.signIn(alice.fetch, 'alice')
  })

  const refused = (answer: { status: number; body: unknown }) =>
    expect([answer.status, answer.body]).toEqual([401, expect.objectContaining({ code: 'device_proof_invalid' })])

  test('DB03: happens once: neither the same proof nor another key is taken again', async () => {
    expect((await alice.register()).status).toBe(200)
    refused(await alice.register())
    alice.key = newDeviceKey()
    refused(await alice.register())
    expect((await alice.get('/strong')).body).toBe(true)
  })

  test('DB04: takes a minute at most', async () => {
    provider.advance(59)
    expect((await alice.register()).status).toBe(200)
    const late = new DeviceBrowser({ app, now })
    late.registersAtOnce = false
    await provider.signIn(late.fetch, 'bob')
    provider.advance(60)
    refused(await late.register())
    expect((await late.get('/private')).status).toBe(200)
  })

  test('DB05: takes no challenge but that of a login', async () => {
    const bob = await enter(app, 'bob')
    const asked = await bob.ask()
    for (const challenge of ['', 'made-up', challengeIn(asked), bob.bound?.session_identifier ?? ''])
      refused(await alice.register({}, challenge))
    expect((await alice.register()).status).toBe(200)
  })

  test('binds the session of the challenge, whoever sends it', async () => {
    const bob = new DeviceBrowser({ app, now })
    bob.registersAtOnce = false
    await provider.signIn(bob.fetch, 'bob')
    await bob.register({}, alice.challenge)
    expect((await bob.get('/private')).body).toBe('bob')
    provider.advance(61)
    expect((await bob.get('/strong')).status).toBe(403)
  })

  test('is refused after a logout', async () => {
    await provider.signOut(alice.fetch)
    refused(await alice.register())
  })

  test.each([
    ['of alg none', { header: { alg: 'none' }, signature: '' }],
    ['of a symmetric algorithm', { header: { alg: 'HS256' } }],
    ['of an algorithm that no device key has', { header: { alg: 'ES384' } }],
    ['of another type', { header: { typ: 'JWT' } }],
    ['without a type', { header: { typ: undefined } }],
    ['without a key', { header: { jwk: undefined } }],
    ['with a private key', { header: { jwk: newDeviceKey().privateKey.export({ format: 'jwk' }) } }],
    [
      'with a key for another algorithm',
      { header: { jwk: newDeviceKey('RS256').publicKey.export({ format: 'jwk' }) } },
    ],
    ['signed by another key', { key: newDeviceKey() }],
    ['without a challenge', { payload: { jti: undefined } }],
    ['with a number as challenge', { payload: { jti: 1 } }],
    ['for another application', { payload: { aud: 'https://other.example/device-registration' } }],
    ['for no URL', { payload: { aud: 'everybody' } }],
    ['that is too long', { payload: { padding: 'x'.repeat(5000) } }],
    ['with critical extensions', { header: { crit: ['exp'] } }],
  ] as const)('refuses a proof %s, and the honest one still counts', async (_what, changes) => {
    refused(await alice.register(changes))
    expect((await alice.register()).status).toBe(200)
  })

  test('takes a proof that names this application, and one in quotes', async () => {
    const payload = { aud: 'http://localhost:3000/device-registration' }
    const proof = deviceProof(alice.challenge, alice.key, true, { payload })
    const answer = await request(app).post('/device-registration').set('secure-session-response', `"${proof}";v=1`)
    expect(answer.status).toBe(200)
  })

  test('refuses a request without a proof, with two, and by another method', async () => {
    refused(await request(app).post('/device-registration'))
    const proof = deviceProof(alice.challenge, alice.key, true)
    refused(await request(app).post('/device-registration').set('secure-session-response', `${proof}, ${proof}`))
    const { status, headers } = await request(app).get('/device-registration')
    expect([status, headers['allow']]).toEqual([405, 'POST'])
  })
})

/** A store that is late once: what it was to add is there, but its caller has given up. */
class LateStore extends FakeStore {
  isLate = false

  override async add(...entry: Parameters<FakeStore['add']>): Promise<boolean> {
    const isNew = await super.add(...entry)
    if (!this.isLate) return isNew
    this.isLate = false
    throw new Error('late')
  }
}

describe.each<[string, (store: LateStore) => Partial<OidcOptions>]>([
  ['in the cookie', (sharedStore) => ({ sharedStore })],
  ['in a store', (store) => ({ session: { store } })],
])('the registration of a key for a session %s, with a store that is late', (_place, options) => {
  async function offered() {
    const store = new LateStore({ now: () => now() * 1000 })
    const app = web(options(store))
    const alice = new DeviceBrowser({ app, now })
    alice.registersAtOnce = false
    await provider.signIn(alice.fetch, 'alice')
    return { store, app, alice }
  }

  test('succeeds when the browser tries again, and the session goes on', async () => {
    const { store, alice } = await offered()
    store.isLate = true
    expect((await alice.register()).status).toBe(503)
    expect((await alice.register()).status).toBe(200)
    provider.advance(61)
    expect((await alice.get('/strong')).body).toBe(true)
  })

  test('leaves the session as it is when the browser does not try again', async () => {
    const { store, alice } = await offered()
    store.isLate = true
    expect((await alice.register()).status).toBe(503)
    provider.advance(61)
    expect((await alice.get('/private')).status).toBe(200)
  })

  test('DB03: forgets no key that was registered before', async () => {
    const { store, app, alice } = await offered()
    const early = alice.cookie
    expect((await alice.register()).status).toBe(200)
    store.isLate = true
    expect((await alice.register()).status).toBe(503)
    provider.advance(61)
    expect(await as(app, early)).toBe(401)
    expect((await alice.get('/private')).status).toBe(200)
  })
})

describe('the refresh of a bound session', () => {
  let app: Web
  let alice: DeviceBrowser

  beforeEach(async () => {
    app = web()
    alice = await enter(app)
    await alice.get('/private')
  })

  test('asks for a proof by a challenge, without which there is no cookie', async () => {
    const { status, headers, text } = await alice.ask()
    expect([status, text, headers['set-cookie']]).toEqual([403, '', undefined])
    expect(headers['secure-session-challenge']).toBe(
      `"${/"([^"]*)"/.exec(String(headers['secure-session-challenge']))?.[1] ?? ''}";id="${alice.bound?.session_identifier ?? ''}"`,
    )
  })

  test('DB06: takes each challenge once, and no old one: another is given', async () => {
    const challenge = challengeIn(await alice.ask())
    expect((await alice.answer(challenge)).status).toBe(200)
    const again = await alice.answer(challenge)
    expect([again.status, again.headers['set-cookie'], challengeIn(again)]).toEqual([
      403,
      undefined,
      expect.any(String),
    ])
    const old = challengeIn(await alice.ask())
    provider.advance(60)
    expect((await alice.answer(old)).status).toBe(403)
    expect((await alice.answer(challengeIn(again), {})).status).toBe(403)
    expect((await alice.refresh()).status).toBe(200)
  })

  test('DB07: takes no challenge of another session, nor that of the login', async () => {
    const bob = await enter(app, 'bob')
    for (const challenge of [challengeIn(await bob.ask()), alice.challenge, 'made-up'])
      expect((await alice.answer(challenge)).status).toBe(403)
  })

  test.each([
    ['of another key', { key: newDeviceKey() }],
    [
      'of another key, which its header names',
      (() => {
        const key = newDeviceKey()
        return { key, header: { jwk: key.publicKey.export({ format: 'jwk' }) } }
      })(),
    ],
    ['of a key of another kind', { key: newDeviceKey('RS256'), header: { alg: 'RS256' } }],
    ['of alg none', { header: { alg: 'none' }, signature: '' }],
    ['of another type', { header: { typ: 'dpop+jwt' } }],
    ['without a challenge', { payload: { jti: undefined } }],
  ] as const)(
    'DB08: refuses a proof %s: the binding ends in that browser, and the session stays',
    async (_what, changes) => {
      const before = alice.bound
      const answer = await alice.refresh(changes)
      expect([answer.status, answer.body.code, alice.bound]).toEqual([401, 'device_proof_invalid', undefined])
      alice.bound = before
      provider.advance(301)
      expect((await alice.get('/private')).status).toBe(200)
    },
  )

  test('refuses identifiers that were not made here, and requests without one', async () => {
    const { refresh_url: path = '' } = alice.bound ?? {}
    for (const headers of [{}, { 'sec-secure-session-id': 'made-up' }, { 'sec-secure-session-id': alice.challenge }]) {
      const { status, body } = await request(app).post(path).set(headers)
      expect([status, body.code]).toEqual([401, 'device_proof_invalid'])
    }
    expect((await request(app).get(path)).status).toBe(405)
  })

  test('ends the binding with the session', async () => {
    provider.advance(604_800)
    expect((await alice.ask()).body).toMatchObject({ continue: false })
  })

  test('DB09: gives a cookie that is of no use beside another session', async () => {
    const bob = await enter(app, 'bob')
    await bob.get('/private')
    const name = alice.bound?.credentials[0]?.name ?? ''
    const other = bob.bound?.credentials[0]?.name ?? ''
    const value = new RegExp(`${name}=([^;]*)`).exec(alice.cookie)?.[1] ?? ''
    const cookie = bob.cookie.replace(new RegExp(`${other}=[^;]*`), `${other}=${value}`)
    expect(await as(app, bob.cookie)).toBe(200)
    expect(await as(app, cookie)).toBe(401)
  })
})

describe('a guard with deviceBound()', () => {
  test('asks a browser that has just signed in to load the page again', async () => {
    const app = web()
    const alice = new DeviceBrowser({ app, now })
    alice.registersAtOnce = false
    await provider.signIn(alice.fetch, 'alice')
    const early = await alice.get('/strong', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' })
    expect([early.status, early.headers['refresh'], early.headers['retry-after']]).toEqual([403, '1', '1'])
    await alice.register()
    expect((await alice.get('/strong')).body).toBe(true)
  })

  test('refuses browsers that hold no key', async () => {
    const old = await enter(web(), 'alice', { isOld: true })
    provider.advance(70)
    const answer = await old.get('/strong')
    expect([answer.status, answer.body.code, answer.headers['refresh']]).toEqual([403, 'not_allowed', undefined])
  })
})

describe('several processes', () => {
  const pair = (options: () => Partial<OidcOptions>) => {
    const common = options()
    return [web(common), web(common)] as const
  }
  const clock = { now: () => now() * 1000 }

  test.each([
    ['a shared store', () => ({ sharedStore: new FakeStore(clock) })],
    ['a store of sessions', () => ({ session: { store: new FakeStore(clock) } })],
  ])('share registrations, challenges and bindings by %s', async (_what, options) => {
    const [one, two] = pair(options)
    const at = { app: one }
    const listener = ((req: express.Request, res: express.Response) => at.app(req, res)) as Web
    const alice = new DeviceBrowser({ app: listener, now })
    alice.registersAtOnce = false
    await provider.signIn(alice.fetch, 'alice')
    const early = alice.cookie
    at.app = two
    expect((await alice.register()).status).toBe(200)
    at.app = one
    expect((await alice.register()).status).toBe(401)
    expect((await alice.get('/strong')).body).toBe(true)
    const challenge = challengeIn(await alice.ask())
    expect((await alice.answer(challenge)).status).toBe(200)
    at.app = two
    expect((await alice.answer(challenge)).status).toBe(403)
    provider.advance(61)
    expect(await as(two, early)).toBe(401)
  })

  test('an outage of the store is 503, and loses nothing', async () => {
    const store = new FakeStore(clock)
    const app = web({ sharedStore: store })
    const alice = new DeviceBrowser({ app, now })
    alice.registersAtOnce = false
    await provider.signIn(alice.fetch, 'alice')
    store.outage = true
    const answer = await alice.register()
    expect([answer.status, answer.body.code]).toEqual([503, 'session_store_unavailable'])
    store.outage = false
    expect((await alice.register()).status).toBe(200)
    await alice.get('/private')
    store.outage = true
    expect((await alice.ask()).status).toBe(503)
    store.outage = false
    expect((await alice.refresh()).status).toBe(200)
  })
})

describe('the options', () => {
  test.each([
    ['a text', { deviceBound: 'yes' }, 'must be true, false or { cookieSeconds }'],
    ['cookies that live too long', { deviceBound: { cookieSeconds: 301 } }, 'a whole number from 10 to 300'],
    ['an unknown member', { deviceBound: { seconds: 60 } }, 'is not an option'],
    [
      'the session of another middleware',
      { deviceBound: true, use: 'request' },
      'must not have both "deviceBound" and "use"',
    ],
    [
      'a domain',
      { deviceBound: true, cookie: { domain: 'localhost' } },
      'must not have both "deviceBound" and "cookie.domain"',
    ],
  ])('refuse %s', (_what, session, message) => {
    expect(() => web({ session } as unknown as OidcOptions)).toThrow(message)
  })

  test('refuse a route of one path with another, and take paths without the option', () => {
    const routes = { deviceRegistration: '/login' }
    expect(() => web({ routes })).toThrow('must give "routes" different paths')
    expect(() => web({ routes, session: { deviceBound: false } })).not.toThrow()
  })

  test('the option dbsc is refused with a hint to session.deviceBound', () => {
    expect(() => web({ dbsc: true } as unknown as OidcOptions)).toThrow('session.deviceBound')
  })
})

describe('a session without its proof', () => {
  test('is named in logs, with what the browser says', async () => {
    const seen: unknown[] = []
    const app = web({
      onError: (error, { next }) => {
        seen.push(error.details)
        next(error)
      },
    })
    const alice = await enter(app)
    await alice.get('/private')
    alice.forget('.bound-')
    await request(app).get('/private').set('cookie', alice.cookie)
    const skipped = 'quota_exceeded;session_identifier="x"'
    await request(app).get('/private').set({ cookie: alice.cookie, 'secure-session-skipped': skipped })
    expect(seen).toEqual([
      expect.objectContaining({
        option: 'session.deviceBound',
        seen: 'a session of another device, or without its proof',
      }),
      expect.objectContaining({ seen: expect.stringMatching(/: quota_exceeded$/) }),
    ])
  })

  test('ends with the next login in that browser', async () => {
    const app = web()
    const alice = await enter(app)
    await alice.get('/private')
    const before = alice.cookie
    alice.forget('.bound-')
    alice.bound = undefined
    await provider.signIn(alice.fetch, 'bob', { path: '/login' })
    expect((await alice.get('/private')).body).toBe('bob')
    expect(await as(app, before)).toBe(401)
  })
})

describe('the audit stream', () => {
  test('tells of bindings, refused proofs and sessions without their proof', async () => {
    const events: { readonly name: string }[] = []
    const listener = (event: unknown) => void events.push(event as { readonly name: string })
    subscribe('express-oidc:audit', listener)
    try {
      const app = web()
      const alice = await enter(app)
      await alice.get('/private')
      await alice.register()
      alice.forget('.bound-')
      await request(app).get('/private').set('cookie', alice.cookie)
    } finally {
      unsubscribe('express-oidc:audit', listener)
    }
    expect(events).toContainEqual(
      expect.objectContaining({ name: 'device_bound', outcome: 'success', subject: 'alice' }),
    )
    expect(events).toContainEqual(expect.objectContaining({ name: 'device_refused', reason: 'device_proof_invalid' }))
    expect(events).toContainEqual(
      expect.objectContaining({ name: 'session_ended', reason: 'device_lost', subject: 'alice' }),
    )
  })
})
