import { beforeEach, describe, expect, test } from '@jest/globals'
import { Backoff } from '../../lib/base/outage.js'
import { ProviderError } from '../../lib/errors.js'
import { Clock } from '../kit/clock.js'

const down = (): Promise<never> => Promise.reject(new ProviderError('provider_unreachable', 'down'))

describe('a backoff', () => {
  let clock: Clock
  beforeEach(() => {
    clock = new Clock()
  })

  async function fail(backoff: Backoff, times: number): Promise<void> {
    for (let i = 0; i < times; i++) await expect(backoff.run(down)).rejects.toThrow('down')
  }

  test('waits from half a second to one second after a failure, then twice as long, and a minute at most', async () => {
    const backoff = new Backoff(clock)
    for (const longest of [1, 2, 4, 8, 16, 32, 60, 60]) {
      await fail(backoff, 1)
      expect(backoff.waitSeconds()).toBeGreaterThanOrEqual(longest / 2)
      expect(backoff.waitSeconds()).toBeLessThanOrEqual(longest)
      clock.seconds += longest
      expect(backoff.waitSeconds()).toBe(0)
    }
  })

  test('reports the same failure while it waits, with the time that is left', async () => {
    const backoff = new Backoff(clock)
    await fail(backoff, 1)
    expect(() => backoff.requireTurn()).toThrow(
      expect.objectContaining({ code: 'provider_unreachable', headers: { 'Retry-After': '1' } }),
    )
    clock.seconds += 1
    expect(() => backoff.requireTurn()).not.toThrow()
  })

  test('waits for nothing while failures are free', async () => {
    const backoff = new Backoff(clock, { free: 2, maxSeconds: 30 })
    await fail(backoff, 2)
    expect(backoff.waitSeconds()).toBe(0)
    await fail(backoff, 1)
    expect(backoff.waitSeconds()).toBeGreaterThan(0)
  })

  test('forgets all failures after a success', async () => {
    const backoff = new Backoff(clock)
    await fail(backoff, 5)
    await backoff.run(async () => 'up')
    expect(backoff).toMatchObject({ failures: 0, failure: undefined })
    expect(backoff.waitSeconds()).toBe(0)
  })

  test('counts neither errors that are not outages, nor foreign errors', async () => {
    const backoff = new Backoff(clock)
    await expect(backoff.run(down, () => false)).rejects.toThrow('down')
    await expect(backoff.run(() => Promise.reject(new TypeError('ours')))).rejects.toThrow('ours')
    expect(backoff.failures).toBe(0)
  })

  test('waits for as long as a response asks it to', () => {
    const backoff = new Backoff(clock)
    backoff.recordFailure(new ProviderError('provider_unavailable', 'busy'), 1800)
    expect(backoff.waitSeconds()).toBe(1800)
  })

  test('RE02: does not wait longer than its maximum when the clock is set back', async () => {
    const backoff = new Backoff(clock)
    await fail(backoff, 3)
    clock.seconds -= 3600
    expect(backoff.waitSeconds()).toBe(0)
  })

  test('does not wait longer than a response asked when the clock is set back', () => {
    const backoff = new Backoff(clock)
    backoff.recordFailure(new ProviderError('provider_unavailable', 'busy'), 1800)
    clock.seconds -= 1
    expect(backoff.waitSeconds()).toBe(0)
  })
})
