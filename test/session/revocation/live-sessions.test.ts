import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { LiveSessions } from '../../../lib/session/revocation/live-sessions.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { ProcessRevocations } from '../../../lib/session/revocation/revocations.js'
import { limits, record } from '../example.js'
import { Clock } from '../../kit/clock.js'

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
  test('do not pile up requests to a slow store', async () => {
    const { live, asked } = await watching(150)
    await jest.advanceTimersByTimeAsync(60_000)
    live.close()
    expect(asked).toHaveLength(100)
  })
})
