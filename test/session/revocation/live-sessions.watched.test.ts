import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type DueProof, LiveSessions } from '../../../lib/session/revocation/live-sessions.js'
import type { SessionRecord } from '../../../lib/session/record.js'
import { ProcessRevocations } from '../../../lib/session/revocation/revocations.js'
import { UncountedSessions } from '../../../lib/session/storage/storage.js'
import { idToken, limits, record } from '../example.js'
import { start } from '../../kit/clock.js'

// The clock is that of the timers.
beforeEach(() => void jest.useFakeTimers({ now: start * 1000 }))
afterEach(() => void jest.useRealTimers())

const runtime = { now: () => Date.now(), randomBytes }
const pass = (seconds: number) => jest.advanceTimersByTimeAsync(seconds * 1000)

function liveSessions(isPolled = true) {
  const revocations = new ProcessRevocations(runtime, limits.absoluteSeconds)
  return { revocations, live: new LiveSessions({ runtime, limits, revocations, isPolled }) }
}

/** A storage that finds the session as it is, unless a test has it answer otherwise. */
function finding() {
  return { find: jest.fn(async (kept: SessionRecord): Promise<SessionRecord | undefined> => kept) }
}

const codeOf = ({ aborted, reason }: AbortSignal): unknown =>
  aborted ? [Reflect.get(reason as object, 'code'), Reflect.get(reason as object, 'message')] : undefined
const expired = ['session_expired', 'the session has reached its end: sign in again']
const loggedOut = ['session_missing', 'the session was ended by a logout']
const unproven = ['session_expired', 'the proof of the device has expired: connect again with a new one']

describe('live connections', () => {
  test('are looked for in batches of 100, the next once the one before has answered', async () => {
    const { live } = liveSessions()
    const find = jest.fn((kept: SessionRecord) => kept)
    for (let index = 0; index < 250; index += 1) live.watch(record({ id: String(index) }), { find })
    await pass(0)
    find.mockClear()
    await pass(5)
    live.close()
    expect(find.mock.calls.map(([{ id }]) => id)).toEqual(Array.from({ length: 250 }, (_, index) => String(index)))
  })

  test.each([
    [true, [1, 1, 2, 3, 13]],
    [false, [1, 1, 1, 1, 1]],
  ])('are looked for at once, and every five seconds where others may end them: %p', async (isPolled, calls) => {
    const { live } = liveSessions(isPolled)
    const storage = finding()
    const { signal } = live.watch(record(), storage)
    const seen = [storage.find.mock.calls.length]
    for (const seconds of [4, 1, 5, 50]) {
      await pass(seconds)
      seen.push(storage.find.mock.calls.length)
    }
    expect([seen, signal.aborted]).toEqual([calls, false])
    live.close()
  })

  test('end once the storage finds them no more', async () => {
    const { live } = liveSessions()
    const storage = finding()
    const { signal } = live.watch(record(), storage)
    await pass(4)
    storage.find.mockResolvedValue(undefined)
    expect(signal.aborted).toBe(false)
    await pass(1)
    expect(codeOf(signal)).toEqual(loggedOut)
    expect(jest.getTimerCount()).toBe(0)
  })

  test('end where a logout came between the request and the connection', async () => {
    const { live } = liveSessions(false)
    const { signal } = live.watch(record(), { find: async () => undefined })
    await pass(0)
    expect(codeOf(signal)).toEqual(loggedOut)
  })

  test('go on while the storage fails, until their own end', async () => {
    const { live } = liveSessions()
    const storage = finding()
    storage.find.mockRejectedValue(new Error('away'))
    const { signal } = live.watch(record(), storage)
    await pass(599)
    expect(signal.aborted).toBe(false)
    await pass(1)
    expect(codeOf(signal)).toEqual(expired)
  })

  test.each([true, false])('end with the idle limit, to the second; polled: %p', async (isPolled) => {
    const { live } = liveSessions(isPolled)
    const { signal } = live.watch(record(), finding())
    await pass(599)
    expect(signal.aborted).toBe(false)
    await pass(1)
    expect(codeOf(signal)).toEqual(expired)
  })

  test('have ended by time, and not by a logout, where the storage has forgotten them at their end', async () => {
    const { live } = liveSessions(false)
    const storage = finding()
    const { signal } = live.watch(record(), storage)
    await pass(599)
    storage.find.mockResolvedValue(undefined)
    await pass(1)
    expect(codeOf(signal)).toEqual(expired)
  })

  test('go on for as long as other requests prolong them, and never beyond the absolute limit', async () => {
    const { live } = liveSessions(false)
    const storage = finding()
    const { signal } = live.watch(record(), storage)
    await pass(599)
    storage.find.mockImplementation(async (kept) => ({ ...kept, touchedAt: start + 500 }))
    await pass(1)
    expect(storage.find).toHaveBeenCalledTimes(2)
    // The record that was found counts from now on: nothing is asked before its own end.
    await pass(499)
    expect([storage.find.mock.calls.length, signal.aborted]).toEqual([2, false])
    storage.find.mockImplementation(async (kept) => ({ ...kept, touchedAt: start + 3599 }))
    await pass(2500)
    expect(signal.aborted).toBe(false)
    await pass(1)
    expect(codeOf(signal)).toEqual(expired)
  })
})

describe('a logout in the process of a live connection', () => {
  test('ends at once the sessions that it is about, and no others', () => {
    const { live, revocations } = liveSessions(false)
    const watched = [
      record({ id: 'a', idToken: idToken({ sid: '1' }) }),
      record({ id: 'b', idToken: idToken({ sid: '2' }) }),
      record({ id: 'c', idToken: idToken({ sub: 'bob' }) }),
    ]
    const signals = watched.map((each) => live.watch(each, finding()).signal)
    revocations.revoke({ subject: 'alice', sid: '2' }, Date.now())
    expect(signals.map(codeOf)).toEqual([undefined, loggedOut, undefined])
    revocations.revoke({ subject: 'alice' }, Date.now())
    expect(signals.map(codeOf)).toEqual([loggedOut, loggedOut, undefined])
    live.close()
  })

  test('does not end a session that began after it, however late it is heard of', () => {
    const { live, revocations } = liveSessions(false)
    const { signal } = live.watch(record(), finding())
    revocations.revoke({ subject: 'alice' }, start * 1000 - 1)
    expect(signal.aborted).toBe(false)
    revocations.revoke({ subject: 'alice' }, start * 1000)
    expect(signal.aborted).toBe(true)
  })
})

describe('a live connection with a proof that comes due', () => {
  const offered = record({ device: { id: 'binding', offeredUntil: start + 3 } })
  const watchWith = (read: DueProof['read'], kept = offered) => {
    const { live } = liveSessions(false)
    return { live, ...live.watch(kept, finding(), { at: start + 3, read }) }
  }

  test('reads its cookies again in the second in which the proof is due, and when the next one is', async () => {
    const read = jest.fn(async () => ({ record: offered, outdatedKey: false, countsUntil: start + 10 }))
    const { live, signal } = watchWith(read)
    const seen: number[] = []
    for (const seconds of [2, 1, 6, 1, 1]) {
      await pass(seconds)
      seen.push(read.mock.calls.length)
      if (seen.length === 4) read.mockResolvedValue({ record: offered, outdatedKey: false, countsUntil: start + 20 })
    }
    expect([seen, signal.aborted]).toEqual([[0, 1, 1, 2, 3], false])
    live.close()
  })

  test('reads them no more once its cookies count as long as the session', async () => {
    const read = jest.fn(async () => ({ record: offered, outdatedKey: false }))
    const { live, signal } = watchWith(read)
    await pass(60)
    expect([read.mock.calls.length, signal.aborted]).toEqual([1, false])
    live.close()
  })

  test.each([
    ['nothing', undefined],
    ['a session without its proof', new UncountedSessions([offered])],
  ])('ends where they hold %s by then', async (_what, found) => {
    const { signal } = watchWith(async () => found)
    await pass(2)
    expect(signal.aborted).toBe(false)
    await pass(1)
    expect(codeOf(signal)).toEqual(unproven)
  })

  test('goes on while they cannot be read, and tries again each second', async () => {
    const read = jest.fn(async (): Promise<undefined> => Promise.reject(new Error('away')))
    const { signal } = watchWith(read)
    await pass(5)
    expect([read.mock.calls.length, signal.aborted]).toEqual([3, false])
    read.mockResolvedValue(undefined)
    await pass(1)
    expect(codeOf(signal)).toEqual(unproven)
  })

  test('asks once at a time', async () => {
    const read = jest.fn(() => new Promise<never>(() => undefined))
    const { live } = watchWith(read)
    await pass(10)
    expect(read).toHaveBeenCalledTimes(1)
    live.close()
  })

  test('ends without a look at them where the session is bound', async () => {
    const read = jest.fn(async () => ({ record: offered, outdatedKey: false }))
    const { signal } = watchWith(read, record({ device: { id: 'binding', thumbprint: 'of-the-key' } }))
    await pass(2)
    expect(signal.aborted).toBe(false)
    await pass(1)
    expect([codeOf(signal), read.mock.calls.length]).toEqual([unproven, 0])
  })
})

describe('a connection that is closed', () => {
  test('is watched no more, and the last one takes the timer along', async () => {
    const { live } = liveSessions()
    const [one, two] = [live.watch(record({ id: 'a' }), finding()), live.watch(record({ id: 'b' }), finding())]
    expect(jest.getTimerCount()).toBe(1)
    one.release()
    expect(jest.getTimerCount()).toBe(1)
    await pass(600)
    expect([one.signal.aborted, codeOf(two.signal), jest.getTimerCount()]).toEqual([false, expired, 0])
    const three = live.watch(record({ touchedAt: start + 600 }), finding())
    expect(jest.getTimerCount()).toBe(1)
    three.release()
    expect(jest.getTimerCount()).toBe(0)
  })

  test('hears nothing of what the storage answers later', async () => {
    const { live } = liveSessions()
    let answer = (_found: undefined): void => undefined
    const found = new Promise<undefined>((resolve) => (answer = resolve))
    const { signal, release } = live.watch(record(), { find: () => found })
    release()
    answer(undefined)
    await pass(0)
    expect(signal.aborted).toBe(false)
  })

  test('with all others, when the process ends: no signal, and no timer is left', async () => {
    const { live, revocations } = liveSessions()
    const signals = ['a', 'b'].map((id) => live.watch(record({ id }), finding()).signal)
    live.close()
    revocations.revoke({ subject: 'alice' }, Date.now())
    await pass(600)
    expect([signals.map(({ aborted }) => aborted), jest.getTimerCount()]).toEqual([[false, false], 0])
  })
})
