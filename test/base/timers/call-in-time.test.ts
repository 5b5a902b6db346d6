import { describe, expect, test } from '@jest/globals'
import { callInTime, isOfFunction } from '../../../lib/base/timers/call-in-time.js'
import { ProviderError, SessionError } from '../../../lib/errors.js'
import { failureOf } from '../../kit/failure.js'
import { pastDeadline, timersDuring } from '../../kit/timers.js'

const seconds = 3
const called = (call: () => unknown) => callInTime('sign', call, seconds)

describe('a function from the options', () => {
  test.each<[string, () => unknown]>([
    ['at once', () => 'done'],
    ['later', async () => 'done'],
    // A thenable of a library that is not a promise.
    ['later, as another kind of promise', () => ({ then: (done: (value: unknown) => void) => done('done') })],
  ])('returns its result %s', async (_when, call) => {
    expect(await called(call)).toBe('done')
  })

  test('costs no timer where its result is known at once', async () => {
    expect((await timersDuring(() => called(() => 'done'))).waits).toEqual([])
    expect((await timersDuring(() => called(async () => 'done'))).waits).toEqual([3000])
  })

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('hunter2')
      },
    ],
    ['rejects', () => Promise.reject(new Error('hunter2'))],
  ])('that %s is an outage, and its own words are not repeated', async (_what, call) => {
    const error = await failureOf(called(call))
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({ code: 'provider_unavailable', status: 503, message: 'the function in "sign" failed' })
    expect(`${error.cause}`).not.toContain('hunter2')
    expect(error.cause).toBeInstanceOf(Error)
  })

  test('that does not return in time is an outage', async () => {
    const error = await failureOf(pastDeadline(seconds, () => called(() => new Promise(() => undefined))))
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({ code: 'provider_timeout', status: 503 })
    expect(error.message).toBe('the function in "sign" did not return within 3 seconds')
  })

  test.each<[string, () => unknown]>([
    ['fails', () => Promise.reject(new Error('vault'))],
    ['fails with an error of this package', () => Promise.reject(new ProviderError('provider_unreachable', 'm'))],
    ['is late', () => new Promise(() => undefined)],
  ])('that %s can be told from a provider that does', async (_what, call) => {
    expect(isOfFunction(await failureOf(pastDeadline(seconds, () => called(call))))).toBe(true)
    expect(isOfFunction(new ProviderError('provider_timeout', 'm'))).toBe(false)
  })

  test('may fail with an error of this package, which stays as it is', async () => {
    const own = new ProviderError('provider_unreachable', 'vault is down')
    expect(await failureOf(called(() => Promise.reject(own)))).toBe(own)
  })

  test('that fails because of an error of this package is an outage all the same', async () => {
    const cause = new SessionError('session_missing', 'nobody is signed in')
    const error = await failureOf(called(() => Promise.reject(new Error('query failed', { cause }))))
    expect(error).toMatchObject({ code: 'provider_unavailable', status: 503 })
  })
})
