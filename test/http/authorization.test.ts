import { describe, expect, test } from '@jest/globals'
import { challenge, isTokenText, splitAuthorization } from '../../lib/http/authorization.js'

describe('an Authorization header (RFC 9110 section 11.6.2)', () => {
  test.each([
    ['Bearer abc', { scheme: 'bearer', token: 'abc' }],
    ['bearer abc', { scheme: 'bearer', token: 'abc' }],
    ['BEARER   abc', { scheme: 'bearer', token: 'abc' }],
    ['DPoP abc', { scheme: 'dpop', token: 'abc' }],
    ['dpop a b', { scheme: 'dpop', token: 'a b' }],
    ['Basic abc', 'other'],
    ['Basic', 'other'],
    ['Negotiate', 'other'],
    ['Bearers abc', 'other'],
    ["!#$%&'*+.^_`|~-09AZaz abc", 'other'],
    [`${'a'.repeat(64)} abc`, 'other'],
    [`${'a'.repeat(65)} abc`, 'malformed'],
    ['Bearer', 'malformed'],
    ['Bearer ', 'malformed'],
    ['Bearer    ', 'malformed'],
    ['DPoP', 'malformed'],
    ['', 'malformed'],
    [' Bearer abc', 'malformed'],
    ['Bearer\tabc', 'malformed'],
    ['Bearer,abc def', 'malformed'],
    ['(Basic abc', 'malformed'],
    ['Basic) abc', 'malformed'],
  ])('%j is read as %j', (value, expected) => {
    expect(splitAuthorization(value, 100)).toEqual(expected)
  })

  test('is as long as the limit at most', () => {
    expect(splitAuthorization('Bearer abc', 10)).toEqual({ scheme: 'bearer', token: 'abc' })
    expect(splitAuthorization('Bearer abc', 9)).toBe('too long')
  })
})

test.each([
  ['abc', true],
  ['A-Za-z0-9-._~+/', true],
  ['abc=', true],
  ['abc==', true],
  ['', false],
  ['=', false],
  ['a=b', false],
  ['a b', false],
  ['a,b', false],
  ['abc\n', false],
  [' abc', false],
  ['é', false],
])('%j as a b64token (RFC 6750 section 2.1): %j', (token, isToken) => {
  expect(isTokenText(token)).toBe(isToken)
})

describe('a challenge', () => {
  test('is the scheme alone without parameters', () => {
    expect(challenge('Bearer', {})).toBe('Bearer')
    expect(challenge('Bearer', { error: undefined })).toBe('Bearer')
  })

  test('lists its parameters in order, without those that are undefined', () => {
    const parameters = { realm: 'api', error: undefined, scope: 'a b', max_age: '' }
    expect(challenge('DPoP', parameters)).toBe('DPoP realm="api", scope="a b", max_age=""')
  })

  test('contains no character that would end a parameter or the header', () => {
    expect(challenge('Bearer', { error: 'a"b\\c\r\nd\u007fe\u0000f\tgéh!#[]~' })).toBe('Bearer error="abcdefgh!#[]~"')
  })
})
