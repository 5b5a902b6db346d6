import { describe, expect, test } from '@jest/globals'
import * as errors from '../lib/errors.js'

describe('an error', () => {
  test.each([
    [new errors.ConfigurationError('invalid_options', 'm'), 500],
    [new errors.ProviderError('provider_timeout', 'm'), 503],
    [new errors.ProviderError('provider_response_invalid', 'm'), 502],
    [new errors.ProviderError('provider_refused_client', 'm'), 502],
    [new errors.ProviderError('provider_response_invalid', 'm', { status: 503 }), 503],
    [new errors.AuthorizationResponseError('invalid_response', 'm'), 400],
    [new errors.AuthorizationResponseError('access_denied', 'm'), 403],
    [new errors.AuthorizationResponseError('authentication_too_weak', 'm'), 403],
    [new errors.AuthorizationResponseError('method_not_allowed', 'm'), 405],
    [new errors.AuthorizationResponseError('body_too_large', 'm'), 413],
    [new errors.AuthorizationResponseError('unsupported_media_type', 'm'), 415],
    [new errors.TransactionError('transaction_missing', 'm'), 400],
    [new errors.TransactionError('transaction_expired', 'm'), 410],
    [new errors.TransactionError('login_refused', 'm'), 403],
    [new errors.TokenEndpointError('invalid_grant', 'm'), 400],
    [new errors.TokenEndpointError('interaction_required', 'm'), 401],
    [new errors.TokenEndpointError('token_request_failed', 'm'), 502],
    [new errors.TokenValidationError('token_expired', 'm'), 502],
    [new errors.BearerError('invalid_request', 'm'), 400],
    [new errors.BearerError('insufficient_scope', 'm'), 403],
    [new errors.BearerError('invalid_token', 'm'), 401],
    [new errors.AccessError('login_needed', 'm'), 401],
    [new errors.AccessError('not_allowed', 'm'), 403],
    [new errors.AccessError('cross_site_request', 'm'), 403],
    [new errors.AccessError('host_not_allowed', 'm'), 421],
    [new errors.AccessError('decision_unavailable', 'm'), 503],
    [new errors.SessionError('session_missing', 'm'), 401],
    [new errors.SessionError('access_token_expired', 'm'), 401],
    [new errors.SessionError('session_too_large', 'm'), 500],
    [new errors.SessionError('headers_already_sent', 'm'), 500],
    [new errors.SessionError('session_store_unavailable', 'm'), 503],
    [new errors.UpstreamError('upstream_unreachable', 'm'), 502],
    [new errors.UpstreamError('upstream_timeout', 'm'), 504],
  ])('%s has a status that Express and Connect honour, and shows its message below 500 only', (error, status) => {
    expect(error).toMatchObject({ status, statusCode: status, expose: status < 500, headers: {}, message: 'm' })
    expect(error).toBeInstanceOf(errors.OidcError)
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe(error.constructor.name)
  })

  test('keeps the cause and the headers, and has no cause where there is none', () => {
    const cause = new Error('inner')
    const headers = { 'Retry-After': '5' }
    const error = new errors.ProviderError('provider_unreachable', 'm', { cause, headers })
    expect(error).toMatchObject({ cause, headers })
    expect(new errors.ProviderError('provider_unreachable', 'm')).not.toHaveProperty('cause')
  })

  test('of a guard names the kind of requirement, if there was one', () => {
    expect(new errors.AccessError('not_allowed', 'm', { requirement: 'scope' })).toMatchObject({ requirement: 'scope' })
    expect(new errors.AccessError('login_needed', 'm').requirement).toBeUndefined()
  })
})
