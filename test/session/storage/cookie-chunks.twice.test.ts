import { describe, expect, test } from '@jest/globals'
import {
  allFromChunks,
  cameTwice,
  type FurtherCookies,
  noFurther,
  toChunks,
  valuesOf,
  withoutCount,
} from '../../../lib/session/storage/cookie-chunks.js'

const further = (values: Record<string, readonly string[]>): FurtherCookies => ({
  furtherCookies: (name) => values[name] ?? [],
})

describe('a cookie that came twice', () => {
  test.each([
    [{ sid: 'whole' }, {}, false],
    [{ sid: 'whole' }, { sid: ['other'] }, true],
    [{ sid: 'whole' }, { 'sid.1': ['other'] }, false],
    [{ sid: '3.a' }, { 'sid.1': ['other'] }, true],
    [{ sid: '3.a' }, { 'sid.2': ['other'] }, true],
    [{ sid: '3.a' }, { 'sid.3': ['other'] }, false],
    [{ sid: '3.a' }, {}, false],
    [{}, { 'sid.1': ['other'] }, false],
  ])('is one of those that belong to the first: %j and %j: %p', (cookies, values, isTwice) => {
    expect(cameTwice('sid', cookies, further(values))).toBe(isTwice)
  })

  test('has the values of the browser, in their order', () => {
    expect(valuesOf('sid', { sid: 'a' }, further({ sid: ['b', 'c'] }))).toEqual(['a', 'b', 'c'])
    expect(valuesOf('sid', { sid: 'a' }, noFurther)).toEqual(['a'])
    expect(valuesOf('sid', {}, further({ sid: ['b'] }))).toEqual([])
  })

  test('is joined with the first four values of each part', () => {
    const values = further({ 'sid.1': ['b', 'c', 'd', 'e', 'f'] })
    expect(allFromChunks('sid', { sid: '2.0', 'sid.1': 'a' }, values, () => true)).toEqual(['0a', '0b', '0c', '0d'])
  })

  test('is joined in sixteen ways at most, of all that begin differently', () => {
    const letters = [...'abcd']
    const values = further({ sid: ['2.1', '2.2', '2.3'], 'sid.1': letters.slice(1) })
    const all = allFromChunks('sid', { sid: '2.0', 'sid.1': 'a' }, values, () => true)
    expect(all).toEqual(['0', '1', '2', '3'].flatMap((begin) => letters.map((letter) => begin + letter)))
  })
})

describe('the number of parts', () => {
  test.each([
    ['2.rest', 'rest'],
    ['8.rest', 'rest'],
    ['9.rest', '9.rest'],
    ['1.rest', '1.rest'],
    ['2.', '2.'],
    ['2xrest', '2xrest'],
    ['.2rest', '.2rest'],
    ['', ''],
    ['ey.rest', 'ey.rest'],
  ])('is left out of the first: %s', (given, left) => {
    expect(withoutCount(given)).toBe(left)
  })

  test('is that of all parts, each with its number', () => {
    const chunks = toChunks('sid', 'a'.repeat(3800) + 'b'.repeat(3800) + 'c')
    expect([...chunks]).toEqual([
      ['sid', `3.${'a'.repeat(3800)}`],
      ['sid.1', 'b'.repeat(3800)],
      ['sid.2', 'c'],
    ])
  })
})
