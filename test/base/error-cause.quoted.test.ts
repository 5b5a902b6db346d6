import { describe, expect, test } from '@jest/globals'
import { quoted, quotedDate } from '../../lib/base/error-cause.js'

describe('a quoted value', () => {
  test.each([
    ['text', 'a"b', '"a\\"b"'],
    ['a list', ['a', 1], '["a",1]'],
    ['nothing', undefined, 'nothing'],
    ['control characters and what is not ASCII', 'a\n\u001b[31m\u202e\u00e9', '"a\\n\\u001b[31m??"'],
  ])('is printable on one line: %s', (_what, value, expected) => {
    expect(quoted(value)).toBe(expected)
  })

  test('is cut to a maximum length, and says where it ends', () => {
    expect(quoted('x'.repeat(99))).toBe(`"${'x'.repeat(95)}..."`)
    expect(quoted('x'.repeat(98))).toBe(`"${'x'.repeat(98)}"`)
    expect(quoted(['x'.repeat(5000)])).toBe(`["${'x'.repeat(93)}..."]`)
    for (const value of ['"'.repeat(500), ['"'.repeat(500)]]) expect(quoted(value)).toHaveLength(100)
  })

  test.each([
    ['an object', { email: 'alice@example.com' }, 'of type object'],
    ['a list of objects', [{ email: 'alice@example.com' }], 'of type list'],
    ['a list of lists', [['alice@example.com']], 'of type list'],
    ['a function', () => 'alice', 'of type function'],
    ['a big number', 5n, 'of type bigint'],
    ['a symbol', Symbol('alice'), 'of type symbol'],
  ])('is not shown if it may hold anything: %s', (_what, value, expected) => {
    expect(quoted(value)).toBe(expected)
  })
})

describe('a quoted date', () => {
  test.each([
    ['a number', 1.5e300, '1.5e+300'],
    ['a number in a text', '1700000000', '"1700000000"'],
    ['another text', 'alice@example.com', 'of type string'],
    ['an object', { email: 'alice@example.com' }, 'of type object'],
  ])('is shown if it is nearly one: %s', (_what, value, expected) => {
    expect(quotedDate(value)).toBe(expected)
  })
})
