import { describe, expect, test } from '@jest/globals'
import { SessionError } from '../../../lib/errors.js'
import type { SharedStore } from '../../../lib/options/common/stores.js'
import { guardStore } from '../../../lib/session/shared/guarded-store.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { Clock } from '../../kit/clock.js'

const outage = { code: 'session_store_unavailable', status: 503, headers: { 'Retry-After': '5' }, expose: false }
const everyCall = (sharedStore: SharedStore): (() => Promise<unknown>)[] => [
  () => sharedStore.get(['a']),
  () => sharedStore.set('a', '1', 1),
  () => sharedStore.add('a', '1', 1),
  () => sharedStore.replace('a', '1', '2', 1),
  () => sharedStore.remove('a'),
  () => sharedStore.remove('a', '1'),
]

describe('a shared store of an application’s own making', () => {
  test('gets each call unchanged, and its results are returned', async () => {
    const fake = new FakeStore(new Clock())
    const sharedStore = guardStore(fake)
    await sharedStore.set('a', '1', 1_000)
    expect([await sharedStore.add('a', '2', 1_000), await sharedStore.replace('a', '1', '2', 1_000)]).toEqual([
      false,
      true,
    ])
    expect(await sharedStore.get(['a', 'b'])).toEqual(['2', undefined])
    expect([await sharedStore.remove('a', '1'), await sharedStore.remove('a')]).toEqual([false, true])
    expect(fake.calls).toHaveLength(6)
  })

  test('SR04: is unavailable whatever it throws, and keeps the cause for logs', async () => {
    const fake = new FakeStore(new Clock())
    fake.outage = new RangeError('mine')
    for (const call of everyCall(guardStore(fake))) {
      await expect(call()).rejects.toMatchObject({ ...outage, cause: { message: 'RangeError' } })
    }
    const own = new SessionError('session_store_unavailable', 'Redis did not answer')
    fake.outage = own
    for (const call of everyCall(guardStore(fake))) await expect(call()).rejects.toBe(own)
  })

  test('may throw rather than reject', async () => {
    const thrown = (): never => {
      throw new Error('mine')
    }
    const sharedStore = { get: thrown, set: thrown, add: thrown, replace: thrown, remove: thrown }
    for (const call of everyCall(guardStore(sharedStore))) await expect(call()).rejects.toMatchObject(outage)
  })

  test('may return null where there is nothing', async () => {
    const sharedStore = { ...new FakeStore(new Clock()), get: async () => [null] } as unknown as SharedStore
    expect(await guardStore(sharedStore).get(['a'])).toEqual([undefined])
  })

  test.each<[string, unknown]>([
    ['too few values', []],
    ['no list', undefined],
    ['values that are not text', [7]],
  ])('SR04: that returns %s has not said that there is nothing', async (_name, answer) => {
    const call = async (): Promise<unknown> => answer
    const sharedStore = { get: call, set: call, add: call, replace: call, remove: call } as unknown as SharedStore
    const [get, , ...others] = everyCall(guardStore(sharedStore))
    for (const ask of [get, ...others]) await expect(ask?.()).rejects.toMatchObject(outage)
  })
})
