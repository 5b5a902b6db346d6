import { afterEach, describe, expect, test } from '@jest/globals'
import { tracingChannel } from 'node:diagnostics_channel'
import { debugLine, writeDebugLog } from '../../../lib/base/tracing/debug-log.js'
import type { TraceEvent, TraceStep } from '../../../lib/base/tracing/event.js'
import {
  AccessError,
  BearerError,
  ProviderError,
  TokenEndpointError,
  TokenValidationError,
} from '../../../lib/errors.js'

const issuer = 'https://id.example.com'

function refused(step: TraceStep, error: NonNullable<TraceEvent['error']>): string | undefined {
  const { details } = error
  return debugLine({ step, outcome: 'failed', errorCode: error.code, error, ...(details && { details }) })
}

describe('the line of a step', () => {
  test('that succeeded names issuer and client', () => {
    const line = debugLine({ step: 'callback', outcome: 'succeeded', issuer, clientId: 'web' })
    expect(line).toBe('login: ok; issuer="https://id.example.com" client="web"')
  })

  test('at the callback does not call a login that was begun again a success', () => {
    const line = debugLine({ step: 'callback', outcome: 'succeeded', remarks: ['begun_again'], issuer })
    expect(line).toMatch(
      /^login: begun again, nobody is signed in yet; the browser sent no cookie of this login, .*issuer=/,
    )
    expect(line).not.toContain('login: ok')
  })

  test.each([
    ['confirmation_shown', 'logout: a page asks whether to sign out, nobody is signed out yet'],
    ['logout_continued', 'logout: the window goes on to the provider; an earlier request has ended the session'],
  ] as const)('at the logout route does not call a request a logout that ends no session: %s', (remark, line) => {
    expect(debugLine({ step: 'logout', outcome: 'succeeded', remarks: [remark] })).toContain(`${line}; remarks=`)
  })

  test('that succeeded with a remark is a success all the same', () => {
    const remarks = ['compressed', 'id_token_left_out'] as const
    expect(debugLine({ step: 'session', outcome: 'succeeded', remarks })).toBe(
      'session: ok; remarks="compressed id_token_left_out"',
    )
  })

  test('that sends a browser to the provider names the redirect URI, which the provider may not know', () => {
    const redirectUri = 'http://localhost:3000/callback'
    expect(debugLine({ step: 'login', outcome: 'succeeded', redirectUri })).toContain(`redirect_uri="${redirectUri}"`)
  })

  test('that refused a token says what was seen, what was expected, and which option says so', () => {
    const details = { subject: 'typ', seen: '"JWT"', expected: '"at+jwt"', option: 'profile' }
    const token = { alg: '"RS256"', kid: '"k1"', iss: `"${issuer}"`, aud: '"api"', exp: 1_700_000_000 }
    const cause = new TokenValidationError('token_type_refused', 'the token has another typ', {
      details: { ...details, token },
    })
    expect(refused('validation', new BearerError('invalid_token', 'not valid here', { cause }))).toBe(
      'access token: refused (invalid_token < token_type_refused); the token has another typ; ' +
        'subject="typ" seen="JWT" expected="at+jwt" option="profile"; ' +
        'token alg="RS256" kid="k1" iss="https://id.example.com" aud="api" exp="2023-11-14T22:13:20.000Z"',
    )
  })

  test('says by how much a date is off', () => {
    const details = { subject: 'exp', offBySeconds: -130, option: 'clockToleranceSeconds' }
    const error = new TokenValidationError('token_expired', 'm', { details })
    expect(refused('callback', error)).toContain('option="clockToleranceSeconds" off="-130s"')
  })

  test("names the provider's codes, and only points to its text, which can name people", () => {
    const provider = { via: 'response', error: 'invalid_client', description: 'Alice', codes: ['AADSTS1'] } as const
    const line = refused('refresh', new TokenEndpointError('token_request_failed', 'm', { provider }))
    expect(line).toContain('the provider said error="invalid_client" codes="AADSTS1" and a text, in error.provider')
    expect(line).not.toContain('Alice')
  })

  test('marks what came through the browser', () => {
    const provider = { via: 'browser', error: 'invalid_scope' } as const
    expect(refused('callback', new TokenEndpointError('token_request_failed', 'm', { provider }))).toContain(
      'the browser brought error="invalid_scope"',
    )
  })

  test('of a decision that cannot be had names the request to the policy decision point, and what came of it', () => {
    const cause = new ProviderError('provider_unavailable', 'the provider answered with status 500')
    const error = new AccessError('decision_unavailable', 'the policy decision point did not answer (X-Request-ID 7)', {
      requirement: 'decision',
      cause,
    })
    expect(refused('guard', error)).toContain(
      'the policy decision point did not answer (X-Request-ID 7): the provider answered with status 500',
    )
  })

  test('names the error of the system', () => {
    const cause = new Error('ECONNREFUSED: connect 127.0.0.1:1')
    expect(refused('discovery', new ProviderError('provider_unreachable', 'not reached', { cause }))).toContain(
      'not reached (ECONNREFUSED: connect 127.0.0.1:1)',
    )
  })

  const hostile = '"a"\r\n\u001b[31mEXPRESS-OIDC 1: login: ok\u2028\u009b'
  test.each([
    ['the client ID', { clientId: hostile }],
    ['the issuer', { issuer: hostile }],
    ['the name of a provider', { provider: hostile }],
    ['what a requirement of the application saw', { details: { seen: hostile, expected: hostile, subject: hostile } }],
    ['a token', { details: { token: { kid: hostile, aud: `[${hostile}` } } }],
    ['a message', { error: new ProviderError('provider_unreachable', hostile) }],
    ['a cause', { error: new ProviderError('provider_unreachable', 'm', { cause: new Error(hostile) }) }],
  ])('is one line in printable ASCII, whatever is in %s', (_what, members) => {
    const line = debugLine({ step: 'callback', outcome: 'failed', errorCode: 'provider_unreachable', ...members })
    expect(line).toMatch(/^[\x20-\x7e]+$/)
    expect(line).toContain('EXPRESS-OIDC 1')
  })

  test.each(['"a" client="b"', '[x', '{', 'missing'])('quotes each fact of its own accord: %s', (clientId) => {
    const line = debugLine({ step: 'callback', outcome: 'succeeded', clientId })
    expect(line).toBe(`login: ok; client=${JSON.stringify(clientId)}`)
  })

  test('cuts a fact that is too long', () => {
    const line = debugLine({ step: 'callback', outcome: 'succeeded', clientId: `"${'x'.repeat(5000)}"` })
    expect(line).toHaveLength('login: ok; client='.length + 100)
  })

  test('of an error of the application does not show it', () => {
    const line = debugLine({ step: 'callback', outcome: 'failed', errorCode: 'unexpected_error' })
    expect(line).toBe('login: refused (unexpected_error); the application threw an error')
  })

  test('that failed without a code is said to be unexpected', () => {
    expect(debugLine({ step: 'guard', outcome: 'failed' })).toBe(
      'guard: refused (unexpected_error); the application threw an error',
    )
  })

  test.each(['validation', 'keys', 'request'] as const)('is left out where it succeeds all the time: %s', (step) => {
    expect(debugLine({ step, outcome: 'succeeded' })).toBeUndefined()
  })
})

describe('the lines of a process', () => {
  const mark = Symbol.for('express-oidc.debug-log')
  const channel = tracingChannel<unknown, TraceEvent>('debug-log-test')
  const channels = { callback: channel } as Record<TraceStep, typeof channel>
  const lines: string[] = []
  const log = (enabled: boolean) => Object.assign((_format: string, line: string) => void lines.push(line), { enabled })

  afterEach(() => {
    Reflect.deleteProperty(globalThis, mark)
    lines.length = 0
  })

  test('are written once, also where this package is loaded twice', () => {
    writeDebugLog(channels, log(true))
    writeDebugLog(channels, log(true))
    channel.end.publish({ step: 'callback', outcome: 'succeeded' })
    channel.asyncEnd.publish({ step: 'callback', outcome: 'succeeded' })
    expect(lines).toEqual(['login: ok', 'login: ok'])
  })

  test('leave out what is still under way, and what is not worth a line', () => {
    const keys = tracingChannel<unknown, TraceEvent>('debug-log-test-keys')
    writeDebugLog({ keys } as Record<TraceStep, typeof keys>, log(true))
    keys.end.publish({ step: 'keys' })
    keys.asyncEnd.publish({ step: 'keys', outcome: 'succeeded' })
    keys.asyncEnd.publish({ step: 'keys', outcome: 'failed', errorCode: 'provider_unreachable' })
    expect(lines).toEqual(['keys: refused (provider_unreachable); the application threw an error'])
  })

  test('are not there, and nothing listens, unless they are asked for', () => {
    const quiet = tracingChannel<unknown, TraceEvent>('debug-log-test-quiet')
    writeDebugLog({ callback: quiet } as Record<TraceStep, typeof quiet>, log(false))
    expect(quiet.hasSubscribers).toBe(false)
  })
})
