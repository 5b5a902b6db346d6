import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { SharedStore } from '../../../lib/options/common/stores.js'
import type { TraceEvent } from '../../../lib/index.js'
import { guardStore } from '../../../lib/session/shared/guarded-store.js'
import { Clock } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'
import { watchAll } from '../../kit/watching/watching.js'

let told: TraceEvent[] = []
let watching: ReturnType<typeof watchAll>
beforeEach(() => {
  told = []
  watching = watchAll((event, phase) => {
    if (phase === 'asyncEnd') told.push({ ...event })
  })
})
afterEach(() => watching.stop())

const methods = ['get', 'set', 'add', 'replace', 'remove']

async function callAll(store: SharedStore): Promise<readonly unknown[]> {
  const calls = [
    () => store.get(['a']),
    () => store.set('a', '1', 1),
    () => store.add('a', '1', 1),
    () => store.replace('a', '1', '2', 1),
    () => store.remove('a'),
  ]
  const results: unknown[] = []
  for (const call of calls) results.push(await call().catch((error: unknown) => error))
  return results
}

describe('each call of a guarded store', () => {
  test('is told to those who watch, by its method', async () => {
    await callAll(guardStore(new FakeStore(new Clock())))
    expect(told).toEqual(methods.map((method) => ({ step: 'store', method, outcome: 'succeeded' })))
  })

  test('that fails is told with its code, and without what the store said', async () => {
    const inner = new FakeStore(new Clock())
    inner.outage = new Error('SET session secret')
    const failures = await callAll(guardStore(inner))
    for (const failure of failures)
      expect(failure).toMatchObject({ message: 'the session store failed', cause: { message: 'Error' } })
    expect(told.map(({ method, outcome, errorCode }) => [method, outcome, errorCode])).toEqual(
      methods.map((method) => [method, 'failed', 'session_store_unavailable']),
    )
  })

  test('that returns what it must not is an outage with another message', async () => {
    const answer = async (): Promise<never> => 7 as never
    const inner = { get: answer, set: answer, add: answer, replace: answer, remove: answer }
    const guarded = guardStore(inner)
    const [get, set, ...others] = await callAll(guarded)
    for (const failure of [get, ...others])
      expect(failure).toMatchObject({
        code: 'session_store_unavailable',
        message: 'the session store returned an invalid value',
      })
    expect([set, guarded.state()]).toEqual([7, 'failing'])
    await guarded.set('a', '1', 1)
    expect(guarded.state()).toBe('ok')
  })
})
