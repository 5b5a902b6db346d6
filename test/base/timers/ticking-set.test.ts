import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { TickingSet } from '../../../lib/base/timers/ticking-set.js'

beforeEach(() => void jest.useFakeTimers())
afterEach(() => void jest.useRealTimers())

test('a set ticks once a second while it has members', () => {
  const onTick = jest.fn()
  const set = new TickingSet<string>(onTick)
  jest.advanceTimersByTime(5000)
  expect(onTick).not.toHaveBeenCalled()
  set.add('a').add('b')
  expect(jest.getTimerCount()).toBe(1)
  set.delete('a')
  jest.advanceTimersByTime(3000)
  expect(onTick).toHaveBeenCalledTimes(3)
  expect([set.delete('b'), set.delete('b')]).toEqual([true, false])
  expect(jest.getTimerCount()).toBe(0)
})

test('a set that is cleared ticks no more, and ticks again with its next member', () => {
  const onTick = jest.fn()
  const set = new TickingSet<string>(onTick)
  set.add('a').add('b').clear()
  expect([set.size, jest.getTimerCount()]).toEqual([0, 0])
  set.add('c')
  jest.advanceTimersByTime(1000)
  expect(onTick).toHaveBeenCalledTimes(1)
  set.clear()
})
