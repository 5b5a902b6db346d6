import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { type HeldLock, type LockOptions, withLock } from '../../../lib/session/shared/lock.js'
import { FakeStore } from '../../kit/stores/memory.js'

const options: LockOptions<string> = { milliseconds: 3000, waitMilliseconds: 10_000, until: async () => undefined }
const stillWorking = 'another process is still doing the same work: try again shortly'
const mayBeWorking = 'another process may be doing the same work by now: try again shortly'

let sharedStore: FakeStore
beforeEach(() => {
  jest.useFakeTimers()
  sharedStore = new FakeStore({ now: () => Date.now() })
})
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})

const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds)
/** Stops the process, as it were: the clock goes on, and nothing runs. */
const stopFor = (milliseconds: number) => jest.setSystemTime(Date.now() + milliseconds)

/** Asks for the lock; randomness is all of this byte, if it is given. */
function ask(changes: Partial<LockOptions<string>> = {}, byte?: number) {
  const runtime = {
    now: () => Date.now(),
    randomBytes: (size: number) => (byte === undefined ? randomBytes(size) : Buffer.alloc(size, byte)),
  }
  return (work: (lock: HeldLock<string>) => Promise<string>) =>
    withLock(sharedStore, runtime, 'lock', { ...options, ...changes }, work)
}

/** Holds the lock until `finish()`. */
async function hold(): Promise<{ lock: HeldLock<string>; finish: () => Promise<string> }> {
  let finish = (_result: string): void => undefined
  const work = new Promise<string>((resolve) => (finish = resolve))
  let held: HeldLock<string> | undefined
  const result = ask()((lock) => ((held = lock), work))
  await pass(0)
  if (held === undefined) throw new Error('the lock is taken')
  return { lock: held, finish: () => (finish('done'), result) }
}

/** How often the lock was asked for, at these milliseconds. */
async function triesAt(moments: readonly number[], byte: number): Promise<readonly number[]> {
  await sharedStore.set('lock', 'of another', 60_000)
  const waiting = ask({ waitMilliseconds: 30_000 }, byte)(async () => 'done')
  const seen: number[] = []
  let at = 0
  for (const moment of moments) {
    await pass(moment - at)
    at = moment
    seen.push(sharedStore.count('add'))
  }
  await sharedStore.remove('lock', 'of another')
  await pass(2000)
  expect(await waiting).toBe('done')
  return seen
}

describe('the pauses between tries for a lock', () => {
  test('are 25 milliseconds at least, however long it takes', async () => {
    expect(await triesAt([0, 24, 25, 49, 50, 10_000, 10_024, 10_025], 0)).toEqual([1, 1, 2, 2, 3, 401, 401, 402])
  })

  test('are 100 milliseconds at most in the beginning, and a fifth of the time later, up to a second', async () => {
    expect(await triesAt([0, 99, 100, 199, 200, 500, 599, 600, 719, 720], 255)).toEqual([1, 1, 2, 2, 3, 6, 6, 7, 7, 8])
  })

  test('are a second at most', async () => {
    const [before = 0, after = 0] = await triesAt([10_000, 20_000], 255)
    expect(after - before).toBe(10)
  })
})

describe('a lock that another process holds', () => {
  test('is asked for once where there is no time to wait', async () => {
    await sharedStore.set('lock', 'of another', 60_000)
    const refused = ask({ waitMilliseconds: 0 })(async () => 'done')
    await expect(refused).rejects.toMatchObject({
      code: 'provider_unavailable',
      message: stillWorking,
      headers: { 'Retry-After': '1' },
    })
    expect(sharedStore.count('add')).toBe(1)
  })

  test('is asked for until the deadline, and in its very moment for the last time', async () => {
    await sharedStore.set('lock', 'of another', 60_000)
    const refused = ask({ waitMilliseconds: 100 }, 0)(async () => 'done')
    const refusal = expect(refused).rejects.toMatchObject({ message: stillWorking })
    await pass(99)
    expect(sharedStore.count('add')).toBe(4)
    await pass(1)
    await refusal
    expect(sharedStore.count('add')).toBe(5)
  })
})

describe('a lock that is held', () => {
  test.each([
    [2999, false],
    [3000, true],
  ])('RF03: is lost where the store was right, but said so too late: after %i ms: %p', async (slow, isLost) => {
    const { lock, finish } = await hold()
    sharedStore.replace = async () => (stopFor(slow), true)
    const confirmed = await lock.confirm().catch((error: unknown) => error)
    expect(confirmed).toEqual(
      isLost ? expect.objectContaining({ message: mayBeWorking, headers: { 'Retry-After': '1' } }) : undefined,
    )
    // Renewals go on for as long as it is held.
    expect(jest.getTimerCount()).toBe(isLost ? 0 : 1)
    await finish()
  })

  test('is confirmed again after each pause, as long as none is longer than its life', async () => {
    const { lock, finish } = await hold()
    for (let pauses = 0; pauses < 4; pauses += 1) {
      stopFor(2999)
      expect(await lock.confirm()).toBeUndefined()
      expect(sharedStore.remaining('lock')).toBe(3000)
    }
    await finish()
  })

  test('RF03: is renewed no more once it is lost', async () => {
    const { lock, finish } = await hold()
    await sharedStore.set('lock', 'of another', 60_000)
    await pass(1000)
    expect(jest.getTimerCount()).toBe(0)
    await expect(lock.confirm()).rejects.toMatchObject({ message: mayBeWorking })
    await finish()
  })

  test('is renewed by one call at a time', async () => {
    const { finish } = await hold()
    let answer = (_isHeld: boolean): void => undefined
    let calls = 0
    sharedStore.replace = () => {
      calls += 1
      return new Promise<boolean>((resolve) => (answer = resolve))
    }
    await pass(2900)
    expect(calls).toBe(1)
    answer(true)
    await pass(200)
    expect(calls).toBe(2)
    answer(true)
    await finish()
  })

  test('is renewed at each third of its life, for a whole one', async () => {
    const { lock, finish } = await hold()
    await pass(999)
    expect([sharedStore.count('replace'), sharedStore.remaining('lock')]).toEqual([0, 2001])
    await pass(1)
    expect([sharedStore.count('replace'), sharedStore.remaining('lock')]).toEqual([1, 3000])
    // Renewed in time, it is held beyond the life that it began with.
    await pass(9000)
    expect(sharedStore.count('replace')).toBe(10)
    expect(await lock.confirm()).toBeUndefined()
    await finish()
  })

  test('is released though the store does not take that any more', async () => {
    const { finish } = await hold()
    sharedStore.outage = true
    expect(await finish()).toBe('done')
  })
})

describe('a lock in a store that fails', () => {
  test('is an outage that does not tell what the store said', async () => {
    sharedStore.outage = true
    await expect(ask()(async () => 'done')).rejects.toMatchObject({
      code: 'session_store_unavailable',
      message: 'the shared store failed',
      cause: { message: 'Error' },
    })
  })
})
