import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import { isDoneWithin, withDeadline } from '../../../lib/base/timers/deadline.js'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

const late = () => new Error('late')
const never = new Promise<never>(() => undefined)

describe('a deadline', () => {
  test('returns what is done in time, and leaves no timer behind', async () => {
    await expect(withDeadline(Promise.resolve('done'), 1000, late, { ref: false })).resolves.toBe('done')
    await expect(withDeadline(Promise.reject(new Error('failed')), 1000, late)).rejects.toThrow('failed')
    expect(jest.getTimerCount()).toBe(0)
  })

  test('is an error once it is missed, whatever becomes of the work', async () => {
    let fail: (error: Error) => void = () => undefined
    const work = new Promise<never>((_resolve, reject) => (fail = reject))
    const outcome = expect(withDeadline(work, 1000, late)).rejects.toThrow('late')
    await jest.advanceTimersByTimeAsync(1000)
    await outcome
    fail(new Error('too late to matter'))
  })
})

test('waiting for work ends when it is done, or after the time', async () => {
  await expect(isDoneWithin(Promise.resolve(), 1000)).resolves.toBe(true)
  const outcome = isDoneWithin(never, 1000)
  await jest.advanceTimersByTimeAsync(1000)
  await expect(outcome).resolves.toBe(false)
})
