import { describe, expect, test } from '@jest/globals'
import { ageOf, isAhead, isRecent, waitUntil } from '../../lib/base/age.js'

describe('the age of a date', () => {
  test('is the time that has gone by', () => {
    expect(ageOf(1000, 1060)).toBe(60)
  })

  test('is the distance in time where the clock was set back', () => {
    expect(ageOf(1000, 940)).toBe(60)
  })
})

describe('a wait', () => {
  test.each([
    ['lasts until its moment', 1010, 10],
    ['is over when that has come', 1000, 0],
    ['is over when that has gone by', 900, 0],
    ['is as long as any can be', 1060, 60],
    ['is over where the clock was set back by more', 1061, 0],
  ])('%s', (_what, moment, left) => {
    expect(waitUntil(moment, 1000, 60)).toBe(left)
  })
})

describe('a date from another party', () => {
  test.each([
    [1005, false],
    [1006, true],
  ])('%p is ahead of 1000 by more than 5: %p', (date, ahead) => {
    expect(isAhead(date, 1000, 5)).toBe(ahead)
  })

  test.each([
    [1000, true],
    [1005, true],
    [940, true],
    [1006, false],
    [939, false],
    [Number.NaN, false],
    ['1000', false],
    [undefined, false],
  ])('%p is recent at 1000: %p', (date, recent) => {
    expect(isRecent(date, 1000, 60, 5)).toBe(recent)
  })
})
