import { describe, expect, test } from '@jest/globals'
import {
  bodyReport,
  browserReport,
  printableErrorCode,
  responseReport,
} from '../../../lib/provider/endpoints/error-report.js'

describe('the code of a provider', () => {
  test.each([
    ['invalid_scope', 'invalid_scope'],
    ['urn:x/y.z-1', 'urn:x/y.z-1'],
    ['a b', 'unknown'],
    ['', 'unknown'],
    [5, 'unknown'],
    [undefined, 'unknown'],
  ])('%p is shown as %p', (code, shown) => {
    expect(printableErrorCode(code)).toBe(shown)
  })
})

describe('what a provider says about its error', () => {
  const entra = 'AADSTS7000215: Invalid client secret provided. Trace ID: 1f0cb1b4-8b1b-4c7c-9d8a-7b6a5f3c2d10'

  test('in a response is kept with its code, text, page and the codes of Entra', () => {
    const body = { error: 'invalid_client', error_description: entra, error_uri: 'https://login.example/error' }
    expect(bodyReport(body)).toEqual({
      via: 'response',
      error: 'invalid_client',
      description: 'AADSTS7000215: Invalid client secret provided. Trace ID: [...]',
      uri: 'https://login.example/error',
      codes: ['AADSTS7000215'],
    })
  })

  test('is read from an error of openid-client', () => {
    const error = Object.assign(new Error('x', { cause: { error: 'invalid_grant', error_uri: 'https://a.example' } }), {
      error: 'invalid_grant',
      error_description: 'gone',
    })
    expect(responseReport(error)).toEqual({
      via: 'response',
      error: 'invalid_grant',
      description: 'gone',
      uri: 'https://a.example',
    })
    expect(responseReport(new Error('x'))).toBeUndefined()
  })

  test('is marked when it came through the browser', () => {
    const parameters = new URLSearchParams({ error: 'invalid_scope', error_description: 'no such scope' })
    expect(browserReport(parameters)).toEqual({ via: 'browser', error: 'invalid_scope', description: 'no such scope' })
  })

  test.each([
    ['a JWT', 'got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl', 'got [...]'],
    ['a code', 'code SplxlOBeZQQYbYS6WxSbIA was used', 'code [...] was used'],
    ['an e-mail address', "user 'alice@example.com' is unknown", "user '[...]' is unknown"],
    ['what is not printable ASCII', 'a\u001b[31m\nb \u202e', 'a [31m b'],
  ])('has no %s', (_what, text, shown) => {
    expect(bodyReport({ error: 'x', error_description: text })?.description).toBe(shown)
  })

  test('is bounded, and has no page that is not of the web', () => {
    const report = bodyReport({
      error: 'x'.repeat(65),
      error_description: 'word '.repeat(100_000),
      error_uri: 'javascript:alert(1)',
    })
    expect(report?.error).toBe('unknown')
    expect(report?.description?.length).toBeLessThanOrEqual(300)
    expect(report).not.toHaveProperty('uri')
  })
})
