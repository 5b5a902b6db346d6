import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import expressSession from 'express-session'
import type { Layer } from '../../../hosts/layers.js'
import { hosts } from '../../../hosts/hosts.js'
import { Browser } from '../../../hosts/client.js'
import { answering } from '../../../kit/world/applications.js'
import { cookieOf, type RefreshWorld, startRefreshWorld, told, tokenOf } from '../../../kit/world/refreshing.js'
import { codeOf, comeBack, subjectOf, toCallback } from '../../../kit/world/steps.js'
import type { AppRequest } from '../../../kit/app.js'
import { cookieSessionLayer, expressSessionLayer } from '../../../kit/stores/storage-kinds.js'
import { pastDeadline } from '../../../kit/timers.js'

let world: RefreshWorld
afterEach(() => world.close())

type Held = Record<string, unknown> & { destroy?: (done: () => void) => void }
const sessionOf = (req: AppRequest): Held => Reflect.get(req, 'session') as Held
const expressSessionOf = (req: AppRequest): expressSession.Session =>
  Reflect.get(req, 'session') as expressSession.Session
/** Begins a session of a new id with what was in the old one, as applications do when rights change. */
async function moved(req: AppRequest): Promise<string> {
  const { cookie: _cookie, ...old } = expressSessionOf(req)
  await new Promise((done) => expressSessionOf(req).regenerate(done))
  Object.assign(expressSessionOf(req), old)
  return expressSessionOf(req).id
}
const gates: (() => void)[] = []
const layers = [
  answering('/basket', (req) => {
    sessionOf(req)['basket'] ??= 'full'
    return Object.keys(sessionOf(req))
  }),
  answering('/id', (req) => (sessionOf(req)['id'] = 'of the application')),
  answering('/keys', (req) => Object.keys(sessionOf(req))),
  answering('/update', async ({ oidc }) => oidc.update({ a: 1 })),
  answering('/slow', async (req) => {
    sessionOf(req)['slow'] = true
    await new Promise<void>((resolve) => gates.push(resolve))
    return true
  }),
  answering('/move', (req) => moved(req)),
  answering('/move-and-save', async (req) => {
    await moved(req)
    await new Promise((done) => expressSessionOf(req).save(done))
    return true
  }),
  answering('/begin-anew', async (req) => {
    await new Promise((done) => expressSessionOf(req).regenerate(done))
    return true
  }),
  answering('/drop', async (req) => {
    Reflect.set(req, 'session', null)
    return req.oidc.update({ a: 1 }).then(
      () => 'stored',
      ({ code }: { code: string }) => code,
    )
  }),
]

const storeTimeoutSeconds = 30

async function start(before: readonly Layer[], others = {}): Promise<void> {
  const session = { use: 'request', storeTimeoutSeconds } as const
  world = await startRefreshWorld({ before, layers, oidc: { session }, ...others })
}

const keys = async (): Promise<unknown> => (await world.browser.fetch(world.url('/keys'))).json()
const appCookie = (browser = world.browser): string =>
  browser.cookies.all().find(({ name }) => /^(app|connect\.sid)$/.test(name))?.value ?? ''

describe('a login in express-session', () => {
  test('begins a new session without what was in the old one, and a logout does so again', async () => {
    const store = new expressSession.MemoryStore()
    await start([expressSessionLayer(store)])
    expect(await (await world.browser.fetch(world.url('/basket'))).json()).toContain('basket')
    const planted = appCookie()
    await world.enter(world.browser)
    const signedIn = appCookie()
    expect([signedIn === planted, await keys()]).toEqual([false, ['cookie', 'oidc']])
    await world.browser.fetch(world.url('/basket'))
    expect(await keys()).toEqual(['cookie', 'oidc', 'basket'])
    await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(await keys()).toEqual(['cookie'])
    for (const old of [planted, signedIn]) {
      const cookie = `connect.sid=${encodeURIComponent(decodeURIComponent(old))}`
      expect((await new Browser().fetch(world.url('/me'), { headers: { cookie } })).json()).toMatchObject({
        user: null,
      })
    }
  })

  test('SR03: is not restored by a slow request that stores its session after the logout', async () => {
    await start([expressSessionLayer(new expressSession.MemoryStore())])
    await world.enter(world.browser)
    const old = cookieOf(world.browser, world)
    const slow = world.browser.fetch(world.url('/slow'))
    while (gates.length === 0) await new Promise(setImmediate)
    await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
    gates.splice(0).forEach((go) => go())
    await slow
    expect((await new Browser().fetch(world.url('/me'), { headers: old })).json()).toMatchObject({ user: null })
    expect(await subjectOf(world)).toBeNull()
  })

  test('RF16: whose tokens a slower request has overwritten gets them back', async () => {
    await start([expressSessionLayer(new expressSession.MemoryStore())])
    await world.enter(world.browser)
    world.clock.advance(700)
    const slow = world.browser.fetch(world.url('/slow'))
    while (gates.length === 0) await new Promise(setImmediate)
    const renewed = await tokenOf(world, world.browser)
    gates.splice(0).forEach((go) => go())
    await slow
    await world.browser.fetch(world.url('/me'))
    world.clock.advance(70)
    expect(await tokenOf(world, world.browser)).toBe(renewed)
    world.clock.advance(700)
    expect(typeof (await tokenOf(world, world.browser))).toBe('string')
    expect(world.refreshes).toHaveLength(2)
  })
})

describe('a login in express-session, which belongs to the session that it was stored in,', () => {
  let store: expressSession.MemoryStore & { sessions: Record<string, string> }
  const idOf = (browser: Browser): string => /^s:(.*)\./.exec(decodeURIComponent(appCookie(browser)))?.[1] ?? ''
  beforeEach(async () => {
    store = Object.assign(new expressSession.MemoryStore()) as typeof store
    await start([expressSessionLayer(store)])
  })

  test('SR02: is not valid in the record of another session', async () => {
    await world.enter(world.browser)
    const mallory = new Browser()
    await mallory.fetch(world.url('/basket'))
    const { oidc } = JSON.parse(store.sessions[idOf(world.browser)] ?? '{}') as { oidc: string }
    const other = JSON.parse(store.sessions[idOf(mallory)] ?? '{}') as object
    store.sessions[idOf(mallory)] = JSON.stringify({ ...other, oidc })
    expect(await subjectOf(world, mallory)).toBeNull()
    expect(await subjectOf(world)).toBe('alice')
  })

  test.each(['/move', '/move-and-save'])(
    'moves with what the application copies into a new session: %s',
    async (path) => {
      await world.enter(world.browser)
      const old = idOf(world.browser)
      expect((await world.browser.fetch(world.url(path))).status).toBe(200)
      expect(idOf(world.browser)).not.toBe(old)
      expect(await subjectOf(world)).toBe('alice')
      expect(typeof (await tokenOf(world, world.browser))).toBe('string')
      await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
      expect(await subjectOf(world)).toBeNull()
    },
  )

  test('ends where the application begins a new session without it', async () => {
    await world.enter(world.browser)
    await world.browser.fetch(world.url('/begin-anew'))
    expect([await subjectOf(world), await keys()]).toEqual([null, ['cookie']])
  })

  test('is not required by requests for the server as a whole, for which there is no session', async () => {
    await world.enter(world.browser)
    const { port } = new URL(world.url(''))
    const statuses = await Promise.all(['OPTIONS', 'GET'].map((method) => statusOf(Number(port), method)))
    expect(statuses).not.toContain(503)
    expect(statuses).not.toContain(500)
  })
})

/** What a request for `*` is answered with, by somebody who sends cookies. */
async function statusOf(port: number, method: string): Promise<number | undefined> {
  const headers = cookieOf(world.browser, world)
  const call = request({ host: '127.0.0.1', port, path: '*', method, headers, agent: false }).end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

describe('a login in cookie-session', () => {
  test('may stand beside a member that the application calls id', async () => {
    await start([cookieSessionLayer()])
    await world.enter(world.browser)
    await world.browser.fetch(world.url('/id'))
    expect(await subjectOf(world)).toBe('alice')
  })

  test('hides its content, and ends with a logout', async () => {
    await start([cookieSessionLayer()])
    await world.browser.fetch(world.url('/basket'))
    await world.enter(world.browser)
    const text = Buffer.from(appCookie(), 'base64').toString()
    expect(text).toMatch(/^\{"oidc":"[\w.-]+"\}$/)
    const token = String(await tokenOf(world, world.browser))
    expect([text.includes('alice'), text.includes(token)]).toEqual([false, false])
    const old = cookieOf(world.browser, world)
    await world.browser.navigate(world.url('/logout'), { site: 'same-origin' })
    expect(Buffer.from(appCookie(), 'base64').toString()).toBe('{}')
    expect((await new Browser().fetch(world.url('/token'), { headers: old })).status).toBe(401)
  })

  test('that the application drops itself is over, and changes nothing any more', async () => {
    await start([cookieSessionLayer()])
    await world.enter(world.browser)
    expect((await world.browser.fetch(world.url('/drop'))).json()).toBe('session_missing')
    expect(await subjectOf(world)).toBeNull()
  })
})

describe.each(hosts)('oidc() without a session of the application on $name', (host) => {
  test('reports the missing set-up at every request, and does not crash', async () => {
    await start([], { host })
    for (const path of ['/me', '/login', '/callback?state=a&code=b']) {
      const answer = await world.browser.navigate(world.url(path))
      expect([answer.status, codeOf(answer)]).toEqual([500, 'not_mounted'])
      expect(answer.text).toContain('mount express-session or cookie-session before oidc()')
    }
    expect(world.host.journal.rejections).toEqual([])
  })
})

describe('an unavailable store of the application’s session', () => {
  /** A store that a test may break. */
  class Fragile extends expressSession.MemoryStore {
    fault: 'none' | 'fails' | 'hangs once' = 'none'

    override set(...[sid, session, done]: Parameters<expressSession.MemoryStore['set']>): void {
      if (this.fault === 'none') super.set(sid, session, done)
      else if (this.fault === 'fails') done?.(new Error('the store is down'))
      // express-session stores once more when the response ends, and waits for it however long it takes.
      else this.fault = 'none'
    }
  }

  test.each(['fails', 'hangs once'] as const)(
    'SR04: at the login and %s is a 503, and nobody is signed in',
    async (fault) => {
      const store = new Fragile()
      await start([expressSessionLayer(store)])
      const callback = await toCallback(world)
      store.fault = fault
      const answer = await pastDeadline(
        storeTimeoutSeconds,
        () => comeBack(callback, world.browser),
        () => store.fault === 'none',
      )
      expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([
        503,
        'session_store_unavailable',
        '5',
      ])
      store.fault = 'none'
      expect(await subjectOf(world)).toBeNull()
      const other = await world.enter(new Browser())
      expect(await subjectOf(world, other)).toBe('alice')
      store.fault = 'fails'
      expect(told(await other.fetch(world.url('/update')))).toEqual([503, 'session_store_unavailable'])
    },
  )

  test('SR04: is reported with 503 where the store worked before', async () => {
    const store = new expressSession.MemoryStore()
    await start([expressSessionLayer(store)])
    await world.enter(world.browser)
    store.emit('disconnect')
    const answer = await world.browser.fetch(world.url('/me'))
    expect([answer.status, codeOf(answer), answer.setCookies]).toEqual([503, 'session_store_unavailable', []])
    store.emit('connect')
    expect(await subjectOf(world)).toBe('alice')
  })
})
