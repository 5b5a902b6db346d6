import { expect, test } from '@jest/globals'
import {
  AccessError as OurAccessError,
  OidcError as OurOidcError,
  SessionError as OurSessionError,
} from '../lib/errors.js'

// The classes of another copy of this package, as its CommonJS files have them beside the ES modules.
class OidcError extends Error {
  get [Symbol.for('express-oidc.error')](): true {
    return true
  }
}
class SessionError extends OidcError {}

test('an error of another copy of this package is an instance of its own class here, and of OidcError', () => {
  const error = new SessionError('expired')
  expect([error instanceof OurSessionError, error instanceof OurOidcError]).toEqual([true, true])
  expect(error instanceof OurAccessError).toBe(false)
})

test("an application's own class has no other instances, whatever its name", () => {
  class AccessError extends OurOidcError {}
  expect(new OurAccessError('login_needed', 'sign in') instanceof AccessError).toBe(false)
  expect(new AccessError('login_needed', 'sign in', 401) instanceof OurOidcError).toBe(true)
})

test.each([
  [null],
  [undefined],
  ['expired'],
  [{ name: 'SessionError' }],
  [Object.create(null)],
  [new Error('expired')],
])('%p is not an error of this package', (value) => {
  expect(value instanceof OurOidcError).toBe(false)
})
