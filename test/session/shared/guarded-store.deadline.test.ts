import { describe, expect, test } from '@jest/globals'
import type { SharedStore } from '../../../lib/options/common/stores.js'
import { redisStore } from '../../../lib/redis/index.js'
import { guardStore } from '../../../lib/session/shared/guarded-store.js'
import { Clock } from '../../kit/clock.js'
import { gate } from '../../kit/stores/stores.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { pastDeadline, timersDuring } from '../../kit/timers.js'

const seconds = 3
const calls: Readonly<Record<string, (sharedStore: SharedStore) => Promise<unknown>>> = {
  get: (sharedStore) => sharedStore.get(['a']),
  set: (sharedStore) => sharedStore.set('a', '1', 1000),
  add: (sharedStore) => sharedStore.add('a', '1', 1000),
  replace: (sharedStore) => sharedStore.replace('a', '1', '2', 1000),
  remove: (sharedStore) => sharedStore.remove('a'),
}

describe('a guarded store with a deadline', () => {
  test.each(Object.entries(calls))(
    'SR04: is unavailable where the store does not answer in time: %s',
    async (_name, call) => {
      const inner = new FakeStore(new Clock())
      const held = gate()
      inner.before = () => held.opened
      const guarded = guardStore(inner, seconds)
      const late = pastDeadline(
        seconds,
        () => call(guarded),
        () => inner.count() > 0,
      )
      await expect(late).rejects.toMatchObject({
        code: 'session_store_unavailable',
        status: 503,
        headers: { 'Retry-After': '5' },
        message: 'the session store did not answer within 3 seconds',
      })
      expect(guarded.state()).toBe('failing')
      held.open()
    },
  )

  test('SR04: says nothing of an answer that comes later, good or bad', async () => {
    const inner = new FakeStore(new Clock())
    const held = gate()
    inner.before = () => held.opened
    const guarded = guardStore(inner, seconds)
    await expect(pastDeadline(seconds, () => guarded.get(['a']))).rejects.toThrow('did not answer')
    inner.outage = true
    held.open()
    await new Promise(setImmediate)
    expect(guarded.state()).toBe('failing')
  })

  test('waits for a store in time, with one timer for each call, and for what returns at once', async () => {
    const inner = new FakeStore(new Clock())
    const guarded = guardStore(inner, seconds)
    const { waits } = await timersDuring(async () => {
      for (const call of Object.values(calls)) await call(guarded)
    })
    expect(waits).toEqual(Array.from({ length: 5 }, () => seconds * 1000))
    const atOnce = { ...inner, set: () => undefined } as unknown as SharedStore
    expect(await guardStore(atOnce, seconds).set('a', '1', 1000)).toBeUndefined()
  })

  test('leaves a store of redisStore() to its own deadline, after which it withdraws the command', async () => {
    const client = { withCommandOptions: () => ({ get: async () => null }) }
    const own = redisStore(client as never, { timeoutSeconds: 20 })
    const { waits } = await timersDuring(() => guardStore(own, seconds).get(['a']))
    expect(waits).toEqual([20_000])
  })
})
