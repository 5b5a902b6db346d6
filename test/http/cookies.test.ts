import { describe, expect, test } from '@jest/globals'
import { type CookieAttributes, prefixedName, removeCookie, setCookie } from '../../lib/http/cookies.js'

const plain: CookieAttributes = { secure: false, sameSite: 'lax' }

test('a cookie has the strictest prefix that its attributes allow (RFC 6265bis section 4.1.3)', () => {
  expect(prefixedName('session', true, undefined)).toBe('__Host-session')
  expect(prefixedName('session', true, 'example.com')).toBe('__Secure-session')
  expect(prefixedName('session', false, undefined)).toBe('session')
  expect(prefixedName('session', false, 'example.com')).toBe('session')
})

describe('a cookie that is set', () => {
  test('is for all paths, and hidden from scripts', () => {
    expect(setCookie('s', 'abc', plain)).toBe('s=abc; Path=/; HttpOnly; SameSite=Lax')
  })

  test('has the attributes it is given', () => {
    const attributes: CookieAttributes = { secure: true, sameSite: 'none', domain: 'example.com' }
    const written = 's=abc; Max-Age=60; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=None'
    expect(setCookie('s', 'abc', attributes, 60)).toBe(written)
    expect(setCookie('s', 'abc', { secure: true, sameSite: 'strict' })).toContain('SameSite=Strict')
  })

  test('lasts whole seconds, and none after its end', () => {
    expect(setCookie('s', 'abc', plain, 1.9)).toContain('Max-Age=1;')
    expect(setCookie('s', 'abc', plain, -5)).toContain('Max-Age=0;')
  })

  test('is written as it is: a value that needs an escape is a mistake', () => {
    expect(setCookie('s', 'a%41.b', plain)).toContain('s=a%41.b;')
    expect(() => setCookie('s', 'a;b', plain)).toThrow(TypeError)
  })
})

test('a cookie that is removed ends at once, with the attributes that it was set with', () => {
  const attributes: CookieAttributes = { secure: true, sameSite: 'lax', domain: 'example.com' }
  expect(removeCookie('s', attributes)).toBe(
    's=; Max-Age=0; Domain=example.com; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax',
  )
})
