import { describe, expect, test } from '@jest/globals'
import { quoted } from '../../lib/base/error-cause.js'

describe('a quoted value', () => {
  test.each([
    ['text', 'a"b', '"a\\"b"'],
    ['a list', ['a', 1], '["a",1]'],
    ['nothing', undefined, 'nothing'],
    ['control characters and what is not ASCII', 'a\n\u001b[31m\u202e\u00e9', '"a\\n\\u001b[31m??"'],
  ])('is printable on one line: %s', (_what, value, expected) => {
    expect(quoted(value)).toBe(expected)
  })

  test('is cut to a maximum length', () => {
    expect(quoted('x'.repeat(5000))).toHaveLength(100)
  })
})
