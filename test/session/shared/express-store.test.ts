import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { RedisStore } from 'connect-redis'
import session from 'express-session'
import type { SessionStore, SharedStore } from '../../../lib/options/common/stores.js'
import { expressSessionStore } from '../../../lib/session/shared/express-store.js'
import { Clock } from '../../kit/clock.js'

const runtime = { now: () => Date.now(), randomBytes: (length: number) => Buffer.alloc(length) }
const redisStoreFor = (store: SessionStore, timeoutSeconds = 30): SharedStore =>
  expressSessionStore({ store, runtime, timeoutSeconds })

afterEach(() => void jest.useRealTimers())

describe('a shared store made of an express-session store', () => {
  let store: session.MemoryStore
  let sharedStore: SharedStore
  beforeEach(() => {
    store = new session.MemoryStore()
    sharedStore = redisStoreFor(store)
  })

  test('keeps, adds, replaces and removes', async () => {
    await sharedStore.set('a', '1', 60_000)
    expect(await sharedStore.get(['a', 'b'])).toEqual(['1', undefined])
    expect([await sharedStore.add('a', '2', 60_000), await sharedStore.add('b', '2', 60_000)]).toEqual([false, true])
    expect([
      await sharedStore.replace('a', '2', '3', 60_000),
      await sharedStore.replace('a', '1', '3', 60_000),
    ]).toEqual([false, true])
    expect([
      await sharedStore.remove('a', '1'),
      await sharedStore.remove('a', '3'),
      await sharedStore.remove('b'),
    ]).toEqual([false, true, true])
    expect(await sharedStore.get(['a', 'b'])).toEqual([undefined, undefined])
  })

  test('SR05: gives values the lifetime as sessions have it, in the same write', async () => {
    let stored: unknown
    const watch = new Clock()
    const watched = expressSessionStore({
      store: {
        get: () => undefined,
        destroy: () => undefined,
        set: (_sid, value, done) => ((stored = value), done?.()),
      },
      runtime: watch,
      timeoutSeconds: 2,
    })
    await watched.set('a', '1', 90_000)
    const expires = new Date(watch.now() + 90_000)
    expect(stored).toEqual({
      cookie: { originalMaxAge: 90_000, maxAge: 90_000, expires },
      oidc: '1',
      until: expires.getTime(),
    })
  })

  test('ends values by the clock where the inner store does not', async () => {
    const watch = new Clock()
    const held = new Map<string, unknown>()
    const forever: SessionStore = {
      get: (sid, done) => done(null, held.get(sid)),
      set: (sid, value, done) => (held.set(sid, value), done?.()),
      destroy: (sid, done) => (held.delete(sid), done?.()),
    }
    const endless = expressSessionStore({ store: forever, runtime: watch, timeoutSeconds: 2 })
    await endless.set('a', '1', 5_000)
    watch.seconds += 4
    expect(await endless.get(['a'])).toEqual(['1'])
    watch.seconds += 1
    expect(await endless.get(['a'])).toEqual([undefined])
    expect(await endless.add('a', '2', 5_000)).toBe(true)
  })

  test('RF02: is added to by one of many at a time, though the inner store knows no conditions', async () => {
    jest.useFakeTimers()
    const held = new Map<string, unknown>()
    const later = (work: () => void): unknown => setTimeout(work, Math.random() * 20)
    const remote: SessionStore = {
      get: (sid, done) => later(() => done(null, held.get(sid))),
      set: (sid, value, done) => later(() => (held.set(sid, value), done?.())),
      destroy: (sid, done) => later(() => (held.delete(sid), done?.())),
    }
    const many = Array.from({ length: 10 }, () =>
      expressSessionStore({ store: remote, runtime: { ...runtime, randomBytes }, timeoutSeconds: 30 }),
    )
    const rounds = Array.from({ length: 20 }, async (_, round) => {
      const added = await Promise.all(many.map((each) => each.add(`lock-${round}`, 'held', 60_000)))
      return added.filter((isAdded) => isAdded).length
    })
    await jest.runAllTimersAsync()
    expect(await Promise.all(rounds)).toEqual(Array(20).fill(1))
  })

  test.each([null, undefined, 'text', 7, {}, { oidc: 1, until: Infinity }, { oidc: 'a' }, { cookie: {}, user: 1 }])(
    'treats %p as nothing: it is a session of somebody else',
    async (value) => {
      const foreign = redisStoreFor({
        ...store,
        get: (_sid, done) => done(null, value),
        set: () => 0,
        destroy: () => 0,
      })
      expect(await foreign.get(['a'])).toEqual([undefined])
    },
  )
})

describe('an express-session store that fails', () => {
  const outage = { code: 'session_store_unavailable', status: 503, headers: { 'Retry-After': '5' } }
  const failing = (how: SessionStore['get']): SharedStore =>
    redisStoreFor({
      get: how,
      set: (sid, _value, done) => how(sid, (error) => done?.(error)),
      destroy: (sid, done) => how(sid, (error) => done?.(error)),
    })

  test.each<[string, SessionStore['get']]>([
    ['by its callback', (_sid, done) => done(new Error('down'))],
    [
      'by throwing',
      () => {
        throw new Error('down')
      },
    ],
    ['by rejecting', () => Promise.reject(new Error('down'))],
    [
      'by a promise of its own kind',
      () => ({ then: (_: unknown, no: (error: Error) => void) => no(new Error('down')) }),
    ],
  ])('SR04: %s is an outage, and not an answer', async (_how, how) => {
    const sharedStore = failing(how)
    const calls = [
      sharedStore.get(['a', 'b']),
      sharedStore.set('a', '1', 1),
      sharedStore.add('a', '1', 1),
      sharedStore.replace('a', '1', '2', 1),
      sharedStore.remove('a'),
    ]
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({
        ...outage,
        message: 'the session store failed',
        cause: { message: 'Error' },
      })
    }
  })

  test('SR04: by silence is an outage after the deadline, and late answers are ignored', async () => {
    const waiting: (() => void)[] = []
    const slow = redisStoreFor(
      {
        get: (_sid, done) => void waiting.push(() => done(null, { oidc: 'late', until: Infinity })),
        set: () => 0,
        destroy: () => 0,
      },
      0.1,
    )
    await expect(slow.get(['a'])).rejects.toMatchObject({
      ...outage,
      message: 'the session store did not answer within 0.1 seconds',
    })
    waiting[0]?.()
  })

  test('by ENOENT has nothing there, as in express-session', async () => {
    const sharedStore = failing((_sid, done) => done(Object.assign(new Error(), { code: 'ENOENT' })))
    expect(await sharedStore.get(['a'])).toEqual([undefined])
  })

  test('that both answers and rejects counts as having answered', async () => {
    const sharedStore = redisStoreFor({
      get: (_sid, done) => (done(null, { oidc: '1', until: Infinity }), Promise.reject(new Error('too late'))),
      set: () => 0,
      destroy: () => 0,
    })
    expect(await sharedStore.get(['a'])).toEqual(['1'])
  })
})

describe('connect-redis as a shared store', () => {
  test('SR04: passes on a refusal of Redis', async () => {
    const refused = async (): Promise<never> => {
      throw new Error("READONLY You can't write against a read only replica.")
    }
    const client = { get: refused, set: refused, del: refused, expire: refused }
    const sharedStore = redisStoreFor(new RedisStore({ client }))
    for (const call of [sharedStore.get(['a']), sharedStore.set('a', '1', 1_000), sharedStore.remove('a')]) {
      await expect(call).rejects.toMatchObject({ code: 'session_store_unavailable' })
    }
  })
})
