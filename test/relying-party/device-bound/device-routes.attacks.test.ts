import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import express from 'express'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import request from 'supertest'
import { deviceBound, errorPages, oidc, type OidcOptions, requireAuth } from '../../../lib/index.js'
import { type TestProvider, testProvider } from '../../../lib/testing/index.js'
import { DeviceBrowser } from '../../kit/devices/device-browser.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { settled, until } from '../../kit/until.js'

let provider: TestProvider
const cleanUp: (() => void)[] = []

beforeEach(async () => {
  provider = await testProvider({ users: { alice: {} } })
  provider.freeze()
})
afterEach(() => {
  for (const step of cleanUp.splice(0)) step()
})

const now = (): number => provider.now()

function web(changes: Partial<OidcOptions> = {}) {
  const { session, ...others } = changes
  const auth = oidc({ ...provider.options.oidc, session: { deviceBound: true, ...session }, ...others } as OidcOptions)
  cleanUp.push(() => auth.close())
  return { auth, app: appWith(auth) }
}

function appWith(auth: express.RequestHandler) {
  const app = express().use(auth)
  app.get('/private', requireAuth({ challenge: 'respond' }), (req, res) => void res.json(req.auth?.subject))
  app.get('/strong', requireAuth(deviceBound()), (req, res) => void res.json(req.auth?.isDeviceBound))
  return app.use(errorPages())
}

type Web = ReturnType<typeof web>['app']

async function enter(app: Web, { registers = true, path = '/login' } = {}) {
  const browser = new DeviceBrowser({ app, now })
  browser.registersAtOnce = registers
  await provider.signIn(browser.fetch, 'alice', { path })
  return browser
}

const as = async (app: Web, cookie: string, path = '/private') => {
  const { status } = await request(app).get(path).set('cookie', cookie)
  return status
}

const clock = { now: () => now() * 1000 }
const places: readonly (readonly [string, (store: FakeStore) => Partial<OidcOptions>])[] = [
  ['in the cookie', (sharedStore) => ({ sharedStore })],
  ['in a store', (store) => ({ session: { store } })],
]

describe.each(places)('with a session %s, whoever has all cookies', (_place, options) => {
  test('DB11: gets no unbound session while a registration of the last moment is under way', async () => {
    const store = new FakeStore(clock)
    const { app } = web(options(store))
    const alice = await enter(app, { registers: false })
    const thief = new DeviceBrowser({ app, now, isOld: true })
    thief.restore(alice.cookie)
    provider.advance(59)
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    let isHeld = false
    store.before = ({ operation }) => {
      isHeld ||= operation === 'add'
      return operation === 'add' ? held : undefined
    }
    const registered = alice.register()
    await until(() => isHeld)
    provider.advance(2)
    await thief.get('/private')
    release()
    store.before = () => undefined
    expect((await registered).status).toBe(401)
    await settled()
    provider.advance(400)
    expect(await as(app, thief.cookie)).toBe(401)
  })

  test('gets 503 for an early copy while the store is unavailable', async () => {
    const store = new FakeStore(clock)
    const { app } = web(options(store))
    const alice = await enter(app, { registers: false })
    const early = alice.cookie
    await alice.register()
    provider.advance(90)
    store.outage = true
    expect(await as(app, early)).toBe(503)
    store.outage = false
    expect(await as(app, early)).toBe(401)
  })
})

function upgradeWith(cookie: string): IncomingMessage {
  const req = new IncomingMessage(new Socket())
  Object.assign(req, { url: '/', method: 'GET' })
  Object.assign(req.headers, { cookie, upgrade: 'websocket', origin: 'http://localhost:3000', host: 'localhost:3000' })
  return req
}

describe('a live connection', () => {
  test('is refused to copied cookies without a proof', async () => {
    const { app, auth } = web()
    const alice = await enter(app)
    await alice.get('/private')
    const stolen = alice.cookie
    provider.advance(300)
    expect(await auth.authenticate(upgradeWith(stolen))).toBeUndefined()
  })

  test('DB12: ends with the proof that it was opened with', async () => {
    const { app, auth } = web()
    const alice = await enter(app)
    await alice.get('/private')
    const connection = await auth.authenticate(upgradeWith(alice.cookie))
    expect(connection?.principal).toMatchObject({ subject: 'alice', isDeviceBound: true })
    provider.advance(300)
    await until(() => connection?.signal.aborted === true)
    expect(connection?.signal.reason).toMatchObject({ code: 'session_expired' })
    await alice.get('/private')
    expect((await auth.authenticate(upgradeWith(alice.cookie)))?.principal.subject).toBe('alice')
  })

  test('DB12: of the time before the registration ends too, and that of another browser goes on', async () => {
    const { app, auth } = web()
    const alice = await enter(app, { registers: false })
    const old = await enter(app, { registers: false })
    const [early, others] = await Promise.all([alice, old].map(({ cookie }) => auth.authenticate(upgradeWith(cookie))))
    const signals = [early?.signal, others?.signal]
    await alice.register()
    provider.advance(71)
    await until(() => signals[0]?.aborted === true)
    expect(signals[1]?.aborted).toBe(false)
  })
})

describe('without the option', () => {
  test('DB13: a session that was bound before does not pass for bound', async () => {
    const bound = web()
    const alice = await enter(bound.app)
    await alice.get('/private')
    const { app } = web({ session: { deviceBound: false } })
    expect(await as(app, alice.cookie)).toBe(200)
    expect(await as(app, alice.cookie, '/strong')).toBe(403)
  })
})

describe('several providers', () => {
  test('share the routes, and each session its own key', async () => {
    const { issuer, clientId, clientSecret, fetch, ...others } = provider.options.oidc
    const one = { issuer, clientId, fetch, ...(clientSecret === undefined ? {} : { clientSecret }) }
    const auth = oidc({ ...others, session: { deviceBound: true }, providers: { work: one } } as never)
    cleanUp.push(() => auth.close())
    const app = appWith(auth)
    const alice = await enter(app, { path: '/login/work' })
    expect((await alice.get('/strong')).body).toBe(true)
    const stolen = alice.cookie
    provider.advance(300)
    expect(await as(app, stolen)).toBe(401)
    expect(await auth.authenticate(upgradeWith(stolen))).toBeUndefined()
    expect((await alice.get('/strong')).body).toBe(true)
    await provider.signOut(alice.fetch)
    await alice.ask()
    expect(alice.answers.at(-1)?.body).toMatchObject({ continue: false })
  })
})

describe('several base URLs', () => {
  test('a proof of one is invalid at the other', async () => {
    const { baseUrl, ...others } = provider.options.oidc
    const baseUrls = [baseUrl, 'http://other.localhost:3000']
    const auth = oidc({ ...others, baseUrls, session: { deviceBound: true, cookie: { name: 'same' } } })
    cleanUp.push(() => auth.close())
    const app = appWith(auth)
    const alice = await enter(app)
    expect((await alice.get('/strong')).body).toBe(true)
    const answer = await request(app).get('/private').set({ host: 'other.localhost:3000', cookie: alice.cookie })
    expect(answer.status).toBe(401)
  })
})
