import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { SessionError } from '../../../lib/errors.js'
import type { Runtime } from '../../../lib/base/runtime.js'
import { type HeldLock, type LockOptions, withLock } from '../../../lib/session/shared/lock.js'
import { FakeStore } from '../../kit/stores/memory.js'

const runtime: Runtime = { now: () => Date.now(), randomBytes }
const nothing = async () => undefined
const options: LockOptions<string> = { milliseconds: 3000, waitMilliseconds: 10_000, until: nothing }

let sharedStore: FakeStore

beforeEach(() => {
  jest.useFakeTimers()
  sharedStore = new FakeStore(runtime)
})
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0)
  jest.useRealTimers()
})

/** Holds the lock until the test settles the work. */
function hold(over: Partial<LockOptions<string>> = {}) {
  let finish!: (result: string) => void
  let fail!: (error: Error) => void
  let held: HeldLock<string> | undefined
  const work = new Promise<string>((resolve, reject) => void ((finish = resolve), (fail = reject)))
  const result = withLock(sharedStore, runtime, 'lock', { ...options, ...over }, async (lock) => {
    held = lock
    return work
  })
  result.catch(() => undefined)
  return { result, finish, fail, isWorking: () => held !== undefined, confirm: () => held?.confirm() }
}

const pass = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds)

describe('a lock in a shared store', () => {
  test('lives for its configured lifetime, under a token of 128 random bits', async () => {
    const first = hold()
    await pass(0)
    expect(sharedStore.contents().get('lock')).toMatch(/^[\w-]{22}$/)
    expect(sharedStore.remaining('lock')).toBe(3000)
    first.finish('done')
    expect(await first.result).toBe('done')
  })

  test('RF02: lets one task run at a time, and the next after it', async () => {
    const [first, second] = [hold(), hold()]
    await pass(500)
    expect([first.isWorking(), second.isWorking()]).toEqual([true, false])
    first.finish('one')
    await pass(100)
    expect(second.isWorking()).toBe(true)
    second.finish('two')
    expect(await Promise.all([first.result, second.result])).toEqual(['one', 'two'])
  })

  test('RF02: gives waiting callers the result of the holder, so that the task runs once', async () => {
    const store = new Map<string, string>()
    const until = async () => store.get('successor')
    const all = [hold({ until }), ...Array.from({ length: 5 }, () => hold({ until }))]
    await pass(200)
    store.set('successor', 'the new tokens')
    all[0]?.finish('the new tokens')
    await pass(100)
    expect(await Promise.all(all.map(({ result }) => result))).toEqual(Array(6).fill('the new tokens'))
    expect(all.filter(({ isWorking }) => isWorking())).toHaveLength(1)
  })

  test('RF03: checks for a result once more after it is acquired, since its former holder may just have finished', async () => {
    let looks = 0
    const next = hold({ until: async () => ((looks += 1) === 2 ? 'meanwhile' : undefined) })
    expect(await next.result).toBe('meanwhile')
    expect(next.isWorking()).toBe(false)
    expect(sharedStore.contents()).toEqual(new Map())
  })

  test('is not requested where the result is there already', async () => {
    expect(await hold({ until: async () => 'known' }).result).toBe('known')
    expect(sharedStore.calls).toEqual([])
  })

  test('is not released before its renewal has ended, which could bring it back', async () => {
    let renewed = (): void => undefined
    sharedStore.before = async ({ operation }) => {
      if (operation === 'replace') await new Promise<void>((resolve) => (renewed = resolve))
    }
    const first = hold()
    await pass(1000)
    first.finish('done')
    await pass(0)
    expect([sharedStore.count('replace'), sharedStore.count('remove')]).toEqual([1, 0])
    renewed()
    expect(await first.result).toBe('done')
    expect([sharedStore.count('remove'), sharedStore.contents()]).toEqual([1, new Map()])
  })

  test('waits 25 to 100 milliseconds between two tries', async () => {
    await sharedStore.set('lock', 'of another', 60_000)
    const waiting = hold({ waitMilliseconds: 500 })
    await pass(600)
    await expect(waiting.result).rejects.toThrow()
    expect(sharedStore.count('add')).toBeGreaterThanOrEqual(500 / 100)
    expect(sharedStore.count('add')).toBeLessThanOrEqual(500 / 25 + 1)
  })

  test.each([
    ['a fifth of what it has waited', 4000, 800],
    ['a second', 20_000, 1000],
  ])('after a while waits up to %s', async (_what, waited, longest) => {
    const slow = { ...runtime, randomBytes: (size: number) => Buffer.alloc(size, 255) }
    await sharedStore.set('lock', 'of another', 60_000)
    const waiting = withLock(sharedStore, slow, 'lock', { ...options, waitMilliseconds: 30_000 }, async () => 'done')
    await pass(waited)
    const before = sharedStore.count('add')
    await pass(10 * longest)
    expect(sharedStore.count('add') - before).toBeLessThanOrEqual(10)
    await sharedStore.remove('lock', 'of another')
    await pass(2000)
    expect(await waiting).toBe('done')
  })

  test('is waited for until a deadline: 503 with Retry-After', async () => {
    await sharedStore.set('lock', 'of another', 60_000)
    const waiting = hold({ waitMilliseconds: 1000 })
    await pass(1201)
    await expect(waiting.result).rejects.toMatchObject({
      name: 'ProviderError',
      code: 'provider_unavailable',
      status: 503,
      headers: { 'Retry-After': '1' },
    })
    expect(sharedStore.contents().get('lock')).toBe('of another')
  })

  test('RF03: of a holder that died expires, and the next caller gets it', async () => {
    await sharedStore.set('lock', 'of a dead process', 3000)
    const next = hold()
    await pass(2999)
    expect(next.isWorking()).toBe(false)
    await pass(601)
    expect(next.isWorking()).toBe(true)
    next.finish('done')
    await next.result
  })

  test('RF02: is renewed while the task runs, and not after it', async () => {
    const [first, second] = [hold(), hold({ waitMilliseconds: 60_000 })]
    await pass(20_000)
    expect([first.isWorking(), second.isWorking()]).toEqual([true, false])
    expect(sharedStore.remaining('lock')).toBeGreaterThanOrEqual(2000)
    expect(await first.confirm()).toBeUndefined()
    first.finish('one')
    await pass(1000)
    second.finish('two')
    await second.result
    const renewals = sharedStore.count('replace')
    await pass(10_000)
    expect(sharedStore.count('replace')).toBe(renewals)
  })

  test('is released where the task fails, whose error is passed on', async () => {
    const first = hold()
    await pass(0)
    first.fail(new TypeError('no'))
    await expect(first.result).rejects.toThrow(new TypeError('no'))
    expect(sharedStore.contents()).toEqual(new Map())
  })

  test('RF03: that another caller holds by now is not removed, and no longer renewed or confirmed', async () => {
    const first = hold()
    await pass(0)
    await sharedStore.set('lock', 'of another', 60_000)
    await pass(3000)
    expect(sharedStore.count('replace')).toBe(1)
    await expect(first.confirm()).rejects.toMatchObject({ code: 'provider_unavailable', status: 503 })
    first.finish('late')
    expect(await first.result).toBe('late')
    expect(sharedStore.contents().get('lock')).toBe('of another')
  })

  test('outlives a short outage, and is given up once its whole lifetime has passed', async () => {
    const first = hold()
    await pass(0)
    sharedStore.outage = true
    await pass(1500)
    sharedStore.outage = false
    await pass(1500)
    expect(await first.confirm()).toBeUndefined()
    sharedStore.outage = true
    await pass(3000)
    sharedStore.outage = false
    const renewals = sharedStore.count('replace')
    await pass(3000)
    expect(sharedStore.count('replace')).toBe(renewals)
    await expect(first.confirm()).rejects.toMatchObject({ code: 'provider_unavailable' })
    first.finish('done all the same')
    expect(await first.result).toBe('done all the same')
  })

  describe('whose holder was paused, with its timers,', () => {
    /** Stops the process, as it were: the clock goes on, and nothing runs. */
    const stopFor = (milliseconds: number) => jest.setSystemTime(Date.now() + milliseconds)

    test('is confirmed where it still stands, for a whole lifetime more', async () => {
      const first = hold()
      await pass(0)
      stopFor(2000)
      expect(await first.confirm()).toBeUndefined()
      expect(sharedStore.remaining('lock')).toBe(3000)
      first.finish('done')
      await first.result
    })

    test('RF03: is lost where it has expired meanwhile, though nobody has taken it', async () => {
      const first = hold()
      await pass(0)
      stopFor(3001)
      await expect(first.confirm()).rejects.toMatchObject({ code: 'provider_unavailable', status: 503 })
      first.finish('late')
      await first.result
    })

    test('RF03: is lost where another has it, whatever the clock says', async () => {
      const first = hold()
      await pass(0)
      await sharedStore.set('lock', 'of another', 60_000)
      await expect(first.confirm()).rejects.toMatchObject({ code: 'provider_unavailable' })
      first.finish('late')
      await first.result
    })

    test('RF03: is lost where the answer came after its end', async () => {
      const first = hold()
      await pass(0)
      sharedStore.before = ({ operation }) => {
        if (operation === 'replace') stopFor(3001)
      }
      await expect(first.confirm()).rejects.toMatchObject({ code: 'provider_unavailable' })
      sharedStore.before = () => undefined
      first.finish('late')
      await first.result
    })

    test('RF03: returns the result of another caller', async () => {
      const results = new Map<string, string>()
      const first = hold({ until: async () => results.get('successor') })
      await pass(0)
      stopFor(60_000)
      results.set('successor', 'of another')
      expect(await first.confirm()).toBe('of another')
      first.finish('late')
      await first.result
    })
  })

  test('SR04: rejects at once while the store is unavailable, and removes what may still be written', async () => {
    sharedStore.outage = new SessionError('session_store_unavailable', 'away')
    await expect(hold().result).rejects.toBe(sharedStore.outage)
    sharedStore.outage = true
    await expect(hold().result).rejects.toMatchObject({
      code: 'session_store_unavailable',
      status: 503,
      headers: { 'Retry-After': '5' },
    })
    expect(sharedStore.calls.map(({ operation }) => operation)).toEqual(['add', 'remove', 'add', 'remove'])
  })
})
