import { afterEach, describe, expect, jest, test } from '@jest/globals'
import type { SessionStore, SharedStore } from '../../../lib/options/common/stores.js'
import { expressSessionStore } from '../../../lib/session/shared/express-store.js'
import { Clock } from '../../kit/clock.js'

const clock = new Clock()
const writers: number[] = []
const runtime = {
  now: clock.now,
  randomBytes: (length: number) => (writers.push(length), Buffer.alloc(length, 1)),
}
const sharedOn = (store: Partial<SessionStore>): SharedStore =>
  expressSessionStore({
    store: {
      get: (_name, done) => done(null, undefined),
      set: (_name, _value, done) => done?.(),
      destroy: (_name, done) => done?.(),
      ...store,
    },
    runtime,
    timeoutSeconds: 2,
  })

afterEach(() => void jest.useRealTimers())

describe('a value that was added to an express-session store', () => {
  const mine = Buffer.alloc(9, 1).toString('base64url')

  test.each([
    ['its own writer', { by: mine }, true],
    ['another writer', { by: 'another' }, false],
    ['no writer', {}, false],
    ['nothing', undefined, false],
    ['null', null, false],
    ['text', 'text', false],
  ])('counts where the store then holds %s: %j: %p', async (_what, held, isAdded) => {
    writers.length = 0
    const written: unknown[] = []
    let value: unknown
    const shared = sharedOn({
      get: (_name, done) => done(null, value),
      set: (_name, entry, done) => (written.push(entry), (value = held), done?.()),
    })
    expect(await shared.add('a', '1', 1000)).toBe(isAdded)
    expect(written).toEqual([expect.objectContaining({ oidc: '1', by: mine })])
    expect(writers).toEqual([9])
  })

  test('is not written where there is one already', async () => {
    const set = jest.fn<SessionStore['set']>()
    const shared = sharedOn({ get: (_name, done) => done(null, { oidc: '1', until: clock.now() + 1 }), set })
    expect([await shared.add('a', '2', 1000), set.mock.calls]).toEqual([false, []])
  })
})

describe('a value of an express-session store', () => {
  test.each([
    [{ oidc: '1', until: clock.now() + 1 }, '1'],
    [{ oidc: '1', until: clock.now() }, undefined],
    [{ oidc: '1', until: String(clock.now() + 1000) }, undefined],
    [{ oidc: '1' }, undefined],
    [{ oidc: 1, until: clock.now() + 1 }, undefined],
    ['text', undefined],
  ])('counts until its end: %j', async (held, value) => {
    expect(await sharedOn({ get: (_name, done) => done(null, held) }).get(['a'])).toEqual([value])
  })

  test('has no writer unless it was added', async () => {
    const written: unknown[] = []
    const held = { oidc: '1', until: clock.now() + 1 }
    const shared = sharedOn({
      get: (_name, done) => done(null, held),
      set: (_name, entry, done) => (written.push(Object.keys(entry as object)), done?.()),
    })
    await shared.set('a', '1', 1000)
    expect(await shared.replace('a', '1', '2', 1000)).toBe(true)
    expect(written).toEqual([
      ['cookie', 'oidc', 'until'],
      ['cookie', 'oidc', 'until'],
    ])
  })
})

describe('an answer of an express-session store', () => {
  const later = (work: () => void): unknown => (setImmediate(work), null)

  test('comes by its callback, also where it returns null', async () => {
    const held = { oidc: '1', until: clock.now() + 1 }
    expect(await sharedOn({ get: (_name, done) => later(() => done(null, held)) }).get(['a'])).toEqual(['1'])
    expect(await sharedOn({ get: (_name, done) => later(() => done(undefined, held)) }).get(['a'])).toEqual(['1'])
  })

  test('may be a failure that is no error, and says nothing', async () => {
    for (const failure of ['SET session secret', 7]) {
      const refused = sharedOn({ get: (_name, done) => later(() => done(failure)) }).get(['a'])
      const error = await refused.catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'session_store_unavailable', message: 'the session store failed' })
      expect(Reflect.get(error as object, 'cause')).toBeUndefined()
    }
  })

  test('ends the wait for it', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] })
    await sharedOn({}).get(['a'])
    expect(jest.getTimerCount()).toBe(0)
    let isOver = false
    const waiting = sharedOn({ get: () => undefined })
      .get(['a'])
      .finally(() => (isOver = true))
    const refusal = expect(waiting).rejects.toThrow('the session store did not answer within 2 seconds')
    await jest.advanceTimersByTimeAsync(1999)
    expect([isOver, jest.getTimerCount()]).toEqual([false, 1])
    await jest.advanceTimersByTimeAsync(1)
    await refusal
  })
})
