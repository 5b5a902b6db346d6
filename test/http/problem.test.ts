import { describe, expect, test } from '@jest/globals'
import { BearerError, ConfigurationError } from '../../lib/errors.js'
import { privateHeaders, problem } from '../../lib/http/problem.js'

const refused = (details: Record<string, unknown> = {}) =>
  new BearerError('invalid_token', 'the token is not valid here', { status: 401, ...details })

describe('a problem document (RFC 9457)', () => {
  test('has title, status, code, and the message that may be shown', () => {
    const { kind, status, headers, body } = problem(refused({ headers: { 'WWW-Authenticate': 'Bearer' } }))
    expect([kind, status]).toEqual(['respond', 401])
    expect(JSON.parse(body)).toEqual({
      title: 'Unauthorized',
      status: 401,
      code: 'invalid_token',
      detail: 'the token is not valid here',
    })
    expect(headers).toEqual({
      ...privateHeaders,
      'WWW-Authenticate': 'Bearer',
      'Content-Type': 'application/problem+json',
    })
  })

  test('keeps a message to itself that may not be shown', () => {
    const error = new ConfigurationError('invalid_options', 'clientSecret is missing')
    expect(error.expose).toBe(false)
    expect(JSON.parse(problem(error).body)).toEqual({
      title: 'Internal Server Error',
      status: 500,
      code: 'invalid_options',
    })
  })

  test('has further members where they are given', () => {
    expect(JSON.parse(problem(refused(), { login_url: '/login' }).body)).toMatchObject({ login_url: '/login' })
  })

  test.each([
    [400, 'Bad Request'],
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [405, 'Method Not Allowed'],
    [410, 'Gone'],
    [413, 'Content Too Large'],
    [414, 'URI Too Long'],
    [415, 'Unsupported Media Type'],
    [500, 'Internal Server Error'],
    [502, 'Bad Gateway'],
    [503, 'Service Unavailable'],
    [504, 'Gateway Timeout'],
    [418, 'Error'],
  ])('of status %i is called %s', (status, title) => {
    expect(JSON.parse(problem(refused({ status })).body)).toMatchObject({ title, status })
  })

  test('is not stored, not framed, and tells nobody its URL', () => {
    expect(privateHeaders).toEqual({
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
    })
  })
})
