import { describe, expect, test } from '@jest/globals'
import { ConfigurationError, ProviderError } from '../../../lib/errors.js'
import { MemoryReplayCache, pluggedReplayCache } from '../../../lib/resource-server/proof-of-possession/replay-cache.js'
import { Clock } from '../../kit/clock.js'
import { failureOf } from '../../kit/failure.js'
import { pastDeadline } from '../../kit/timers.js'

describe('the replay cache of this process', () => {
  test('knows a key to the last millisecond of its time', () => {
    const clock = new Clock()
    const cache = new MemoryReplayCache(clock)
    expect(cache.add('key', 60)).toBe(true)
    expect(cache.size).toBe(1)
    clock.seconds += 60
    expect(cache.add('key', 60)).toBe(false)
    clock.seconds += 0.001
    expect(cache.add('key', 60)).toBe(true)
  })

  test('knows each key by its own time, whatever that of others is', () => {
    const clock = new Clock()
    const cache = new MemoryReplayCache(clock)
    cache.add('short', 10)
    cache.add('long', 600)
    clock.seconds += 11
    expect(cache.add('long', 600)).toBe(false)
    expect(cache.add('short', 10)).toBe(true)
    clock.seconds += 589
    expect(cache.add('long', 600)).toBe(false)
  })

  test('refuses new keys while it is full, tells when to come back, and goes on to know the old ones', async () => {
    const clock = new Clock()
    const cache = new MemoryReplayCache(clock, 2)
    expect([cache.add('a', 60), cache.add('b', 60)]).toEqual([true, true])
    const error = await failureOf(() => cache.add('c', 60))
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({
      code: 'provider_unavailable',
      message: 'too many DPoP proofs at once',
      status: 503,
      headers: { 'Retry-After': '1' },
    })
    expect([cache.add('a', 60), cache.add('b', 60)]).toEqual([false, false])
    expect(cache.size).toBe(2)
    clock.seconds += 60
    expect(cache.add('c', 60)).toBe(true)
    expect(cache.size).toBe(3)
  })

  test('begins a new generation after a lifetime, and keeps the last two in any case', () => {
    const clock = new Clock()
    const cache = new MemoryReplayCache(clock)
    const sizeAfter = (seconds: number, key: string) => {
      clock.seconds += seconds
      cache.add(key, 60)
      return cache.size
    }
    const sizes = [
      sizeAfter(0, 'a'),
      sizeAfter(59.999, 'b'),
      sizeAfter(0.001, 'c'),
      sizeAfter(60, 'd'),
      sizeAfter(60, 'e'),
    ]
    // The generation of a and b ends when b does: with e it is forgotten.
    expect(sizes).toEqual([1, 2, 3, 4, 3])
    expect(sizeAfter(86_400, 'f')).toBe(3)
    expect(sizeAfter(86_400, 'g')).toBe(3)
  })

  test('keeps a generation while one of its keys counts, to the last moment', () => {
    const clock = new Clock()
    const cache = new MemoryReplayCache(clock)
    cache.add('long', 180)
    cache.add('short', 60)
    for (const key of ['b', 'c']) {
      clock.seconds += 60
      cache.add(key, 60)
    }
    clock.seconds += 60
    expect([cache.add('long', 60), cache.add('short', 60)]).toEqual([false, true])
  })

  test('has a bounded number of generations, also with a clock that jumps', () => {
    const clock = new Clock()
    const cache = new MemoryReplayCache(clock)
    for (let i = 0; i < 40; i++) {
      cache.add(`key ${i}`, 60)
      clock.seconds -= 60
    }
    // Each of them ends later than the clock says it is: eight of the past, and the current one.
    expect(cache.size).toBe(9)
    clock.seconds += 60
    expect([cache.add('key 39', 60), cache.add('key 32', 60), cache.add('key 30', 60)]).toEqual([false, false, true])
  })
})

describe('the replay cache of the application', () => {
  const seconds = 7
  const plugged = (add: (...given: unknown[]) => unknown) => pluggedReplayCache({ add }, seconds)

  test('gets a key of its own kind, and whole seconds', async () => {
    const given: unknown[] = []
    const cache = plugged((...each) => given.push(each) > 0)
    await expect(cache.add('key', 64.2)).resolves.toBe(true)
    expect(given).toEqual([['dpop:1:key', 65]])
  })

  test.each([
    [true, true],
    [Promise.resolve(true), true],
    [false, false],
    [Promise.resolve(false), false],
  ])('that answers %p says that the key is new: %p', async (answer, isNew) => {
    await expect(plugged(() => answer).add('key', 60)).resolves.toBe(isNew)
  })

  test.each([[undefined], [null], [1], ['OK'], [{}]])('must not answer %p', async (answer) => {
    const error = await failureOf(Promise.resolve(plugged(() => answer).add('key', 60)))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error).toMatchObject({
      code: 'invalid_options',
      message: 'bearer(): "dpop.replayCache" must return true if it added the key, and false if it was there',
    })
  })

  test('that fails is an outage, and its own words are not repeated', async () => {
    const failing = [
      () => Promise.reject(new Error('hunter2')),
      () => {
        throw new Error('hunter2')
      },
    ]
    for (const add of failing) {
      const error = await failureOf(Promise.resolve(plugged(add).add('key', 60)))
      expect(error).toBeInstanceOf(ProviderError)
      expect(error).toMatchObject({
        code: 'provider_unavailable',
        message: 'the function in "dpop.replayCache" failed',
        status: 503,
        headers: { 'Retry-After': '5' },
      })
      expect(`${error.message} ${error.cause}`).not.toContain('hunter2')
      expect(error.cause).toBeInstanceOf(Error)
    }
    const own = new ProviderError('provider_timeout', 'too slow', { headers: { 'Retry-After': '9' } })
    const failed = plugged(() => Promise.reject(own)).add('key', 60)
    expect(await failureOf(Promise.resolve(failed))).toBe(own)
  })
  test('that never answers is an outage', async () => {
    const add = async () => plugged(() => new Promise(() => undefined)).add('key', 60)
    const error = await failureOf(pastDeadline(seconds, add))
    expect(error).toMatchObject({ code: 'provider_timeout', status: 503 })
    expect(error.message).toBe('the function in "dpop.replayCache" did not return within 7 seconds')
  })
})
