import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { LiveSessions } from '../../../lib/session/revocation/live-sessions.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { ProcessRevocations } from '../../../lib/session/revocation/revocations.js'
import { limits, record } from '../example.js'
import { Clock } from '../../kit/clock.js'
import { FakeStore } from '../../kit/stores/memory.js'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

/** Watches so many sessions of a memory that stops to answer after the first look at each. */
async function watching(sessions: number) {
  const runtime = new Clock()
  const revocations = new ProcessRevocations(runtime, limits.absoluteSeconds)
  const live = new LiveSessions({ runtime, limits, revocations, isPolled: true })
  const asked: string[] = []
  let isHanging = false
  const find = (kept: SessionRecord) => {
    if (!isHanging) return kept
    asked.push(kept.id)
    return new Promise<never>(() => undefined)
  }
  for (let index = 0; index < sessions; index += 1) live.watch(record({ id: String(index) }), { find })
  await jest.advanceTimersByTimeAsync(0)
  isHanging = true
  return { live, asked }
}

describe('the sessions of live connections', () => {
  test('are looked at every five seconds, if another process may end them: with a shared store, or one of their own', async () => {
    const looksOf = async (isPolled: boolean, sharedStore?: FakeStore): Promise<number> => {
      const runtime = new Clock()
      const revocations = new ProcessRevocations(runtime, limits.absoluteSeconds)
      const live = new LiveSessions({ runtime, limits, revocations, isPolled })
      let looks = 0
      const find = (kept: SessionRecord): SessionRecord => ((looks += 1), kept)
      live.watch(record(), { find, sharedStore })
      await jest.advanceTimersByTimeAsync(10_500)
      live.close()
      return looks
    }
    expect([await looksOf(false), await looksOf(true), await looksOf(false, new FakeStore(new Clock()))]).toEqual([
      1, 3, 3,
    ])
  })

  test('do not pile up requests to a slow store', async () => {
    const { live, asked } = await watching(150)
    await jest.advanceTimersByTimeAsync(60_000)
    live.close()
    expect(asked).toHaveLength(100)
  })
})
