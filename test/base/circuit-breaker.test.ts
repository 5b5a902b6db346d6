import { beforeEach, describe, expect, test } from '@jest/globals'
import { CircuitBreaker, NotSent } from '../../lib/base/circuit-breaker.js'
import { ProviderError, TokenEndpointError } from '../../lib/errors.js'
import { Clock } from '../kit/clock.js'

let watch: Clock
beforeEach(() => {
  watch = new Clock()
})

describe('the circuit breaker before a provider that is down', () => {
  const unavailable = (asked?: () => void, seconds?: string) => (): Promise<never> => {
    asked?.()
    const headers: Record<string, string> = seconds === undefined ? {} : { 'Retry-After': seconds }
    return Promise.reject(new ProviderError('provider_unavailable', 'm', { headers }))
  }
  const down = () => Promise.reject(new ProviderError('provider_timeout', 'm'))

  test('RF07: stays closed after one failure, closes again with the first response, and forgets the failure', async () => {
    const breaker = new CircuitBreaker(watch)
    await expect(breaker.run(down)).rejects.toMatchObject({ code: 'provider_timeout' })
    expect(await breaker.run(async () => 'answer')).toBe('answer')
    await expect(breaker.run(down)).rejects.toBeInstanceOf(ProviderError)
    await expect(breaker.run(down)).rejects.toBeInstanceOf(ProviderError)
    let calls = 0
    const refusal = () => {
      calls += 1
      return Promise.reject(new TokenEndpointError('token_request_failed', 'm'))
    }
    await expect(breaker.run(refusal)).rejects.toMatchObject({ code: 'provider_timeout' })
    expect(calls).toBe(0)
    watch.seconds += 3
    await expect(breaker.run(refusal)).rejects.toMatchObject({ code: 'token_request_failed' })
    expect(await breaker.run(async () => 'answer')).toBe('answer')
  })

  test.each([86_400, 1800])('RF07: does not stay open when the clock is set back by %d seconds', async (seconds) => {
    const breaker = new CircuitBreaker(watch)
    for (let times = 0; times < 2; times += 1) await expect(breaker.run(down)).rejects.toBeInstanceOf(ProviderError)
    watch.seconds -= seconds
    expect(await breaker.run(async () => 'answer')).toBe('answer')
  })

  test('lets other sessions through where two sessions fail for ever', async () => {
    const breaker = new CircuitBreaker(watch)
    const ask = async (whose: string, isDead: boolean): Promise<boolean> => {
      const work = isDead ? unavailable() : async () => 'answer'
      return breaker.run(work, whose).then(
        () => true,
        () => false,
      )
    }
    const through: boolean[] = []
    for (let second = 0; second < 600; second += 1) {
      for (const dead of ['a', 'b']) expect(await ask(dead, true)).toBe(false)
      if (second % 10 === 9) through.push(await ask(`healthy ${second}`, false))
      watch.seconds += 1
    }
    expect(through).toEqual(through.map(() => true))
  })

  test('asks less and less often for each session that keeps failing', async () => {
    const breaker = new CircuitBreaker(watch)
    let calls = 0
    for (let second = 0; second < 600; second += 1) {
      for (const dead of ['a', 'b'])
        await breaker
          .run(
            unavailable(() => (calls += 1)),
            dead,
          )
          .catch(() => undefined)
      if (second % 10 === 9) await breaker.run(async () => 'answer', `healthy ${second}`)
      watch.seconds += 1
    }
    expect(calls).toBeLessThan(60)
  })

  test('opens for all sessions once a second one fails, for a minute at most, and then lets one new session try', async () => {
    const breaker = new CircuitBreaker(watch)
    const busy = unavailable(undefined, '3600')
    await expect(breaker.run(busy, 'a')).rejects.toBeInstanceOf(ProviderError)
    await expect(breaker.run(busy, 'a')).rejects.toMatchObject({ headers: { 'Retry-After': '3600' } })
    await expect(breaker.run(busy, 'b')).rejects.toBeInstanceOf(ProviderError)
    await expect(breaker.run(async () => 'answer', 'c')).rejects.toMatchObject({ headers: { 'Retry-After': '60' } })
    watch.seconds += 61
    let answer = (): void => undefined
    const slow = breaker.run(() => new Promise<string>((resolve) => (answer = () => resolve('answer'))), 'c')
    await expect(breaker.run(async () => 'answer', 'd')).rejects.toMatchObject({ code: 'provider_unavailable' })
    answer()
    expect(await slow).toBe('answer')
    expect(await breaker.run(async () => 'answer', 'd')).toBe('answer')
  })

  test('lets one session try alone, whatever ends at the same time', async () => {
    const breaker = new CircuitBreaker(watch)
    let finish = (): void => undefined
    const early = breaker.run(
      () => new Promise<void>((_resolve, reject) => (finish = () => reject(new NotSent('gone')))),
      'early',
    )
    for (const each of ['a', 'b']) await expect(breaker.run(unavailable(), each)).rejects.toBeInstanceOf(ProviderError)
    watch.seconds += 61
    let answer = (): void => undefined
    const trying = breaker.run(() => new Promise<string>((resolve) => (answer = () => resolve('answer'))), 'c')
    finish()
    await expect(early).rejects.toBe('gone')
    await expect(breaker.run(async () => 'answer', 'd')).rejects.toBeInstanceOf(ProviderError)
    answer()
    expect(await trying).toBe('answer')
  })

  test('lets a session that failed in an outage ask at once when the outage is over', async () => {
    const breaker = new CircuitBreaker(watch)
    for (const each of ['a', 'b', 'c']) await breaker.run(unavailable(undefined, '60'), each).catch(() => undefined)
    watch.seconds += 61
    expect(await breaker.run(async () => 'answer', 'd')).toBe('answer')
    for (const each of ['a', 'b', 'c']) expect(await breaker.run(async () => 'answer', each)).toBe('answer')
  })

  test('RF07: waits for a while where the provider does not say how long', async () => {
    const breaker = new CircuitBreaker(watch)
    const busy = () => Promise.reject(new ProviderError('provider_unavailable', 'm'))
    await expect(breaker.run(busy)).rejects.toBeInstanceOf(ProviderError)
    await expect(breaker.run(async () => 'answer')).rejects.toMatchObject({ headers: { 'Retry-After': '1' } })
  })
})
