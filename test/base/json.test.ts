import { describe, expect, test } from '@jest/globals'
import { bareClaims, freezeJson, isJsonObject, omitUndefined, parseJsonObject } from '../../lib/base/json.js'

describe('parseJsonObject()', () => {
  test.each(['', '{', 'null', '[]', '5', '"x"', 'undefined'])('rejects the text %p', (text) => {
    expect(parseJsonObject(text)).toBeUndefined()
  })

  test.each(['{"__proto__":1}', '{"a":{"__proto__":{"b":1}}}', '{"\\u005f\\u005fproto__":1}'])('rejects %s', (text) => {
    expect(parseJsonObject(text)).toBeUndefined()
  })

  test.each(['{"constructor":{"prototype":{"a":1}}}', '{"a":[{"prototype":1}]}'])('accepts %s as data', (text) => {
    expect(JSON.stringify(parseJsonObject(text))).toBe(text)
  })

  test('accepts members whose names only resemble forbidden ones', () => {
    expect(parseJsonObject('{"proto":1,"Constructor":"prototype","é":"\\u00e9"}')).toEqual({
      proto: 1,
      Constructor: 'prototype',
      é: 'é',
    })
  })
})

test('a JSON object is neither null nor an array', () => {
  expect([{}, { a: 1 }, [], null, 'x', 5, undefined].map(isJsonObject)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ])
})

test('freezeJson() freezes at every depth and returns the same value', () => {
  const value = { list: [{ a: 1 }], none: null }
  expect(freezeJson(value)).toBe(value)
  expect([value, value.list, value.list[0]].every(Object.isFrozen)).toBe(true)
})

test('omitUndefined() leaves out what is undefined, and nothing else', () => {
  const members = omitUndefined({ a: 1, b: undefined, c: null, d: '', e: false })
  expect(Object.entries(members)).toEqual([
    ['a', 1],
    ['c', null],
    ['d', ''],
    ['e', false],
  ])
})

test('bareClaims() copies claims into a frozen object that inherits nothing', () => {
  const claims = { sub: 'user-1' }
  const bare = bareClaims(claims)
  expect(Object.entries(bare)).toEqual([['sub', 'user-1']])
  expect(Object.isFrozen(bare)).toBe(true)
  expect(Object.isFrozen(claims)).toBe(false)
  expect(['toString', 'constructor', '__proto__'].map((name) => name in bare)).toEqual([false, false, false])
})
