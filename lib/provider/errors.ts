import type { OidcErrorInit } from '../error-details.js'
import { AuthorizationResponseError, type OidcError, ProviderError, TokenEndpointError } from '../errors.js'
import { isError, redactedCause, ownError } from '../base/error-cause.js'
import { printableErrorCode, responseReport } from './endpoints/error-report.js'
import { BufferedResponse } from './transport/response.js'

/** What an error of another library says of the response. It has no type, since libraries wrap each other's errors. */
interface Failure {
  readonly status?: number
  /** `error` of an OAuth error response (RFC 6749 section 5.2). */
  readonly error?: string
}

/** Whether a response rejects this client. A rejected grant may have the status 401 too (RFC 6749 section 5.2). */
export function isClientRefusal(status: number | undefined, error: unknown): boolean {
  return status === 401 || error === 'invalid_client' || error === 'unauthorized_client'
}

/** `error` of an OAuth error response (RFC 6749 section 5.2), as other libraries report it. */
export function oauthErrorOf(error: unknown): string | undefined {
  return toFailure(error).error
}

/** Maps any error of a token request or a revocation. Our own errors pass through; others are recognised by code, never by message. */
export function tokenEndpointFailure(error: unknown, about: 'token' | 'revocation' = 'token'): OidcError {
  return ownError(error) ?? grantFailure(error, about) ?? invalidResponse(error, about)
}

/** Maps any error of a pushed authorization request (RFC 9126 section 2.3). */
export function pushedRequestFailure(error: unknown): OidcError {
  const own = ownError(error)
  if (own !== undefined) return own
  const failure = toFailure(error)
  if (isClientRefusal(failure.status, failure.error)) return clientRefused(error)
  const why = printableErrorCode(failure.error)
  const message = `the provider refused the pushed authorization request: ${why}`
  return new AuthorizationResponseError('authorization_failed', message, { status: 502, ...evidence(error) })
}

function grantFailure(error: unknown, about: string): OidcError | undefined {
  const failure = toFailure(error)
  // With any status: some providers send 401 or 403.
  if (failure.error === 'invalid_grant') {
    return new TokenEndpointError(
      'invalid_grant',
      'the provider refused the grant: it was used before, has expired or was revoked',
      evidence(error),
    )
  }
  if (isClientRefusal(failure.status, failure.error)) return clientRefused(error)
  if (failure.error === undefined) return undefined
  const message = `the ${about} endpoint refused the request: ${printableErrorCode(failure.error)}`
  return new TokenEndpointError('token_request_failed', message, evidence(error))
}

function clientRefused(error: unknown): ProviderError {
  const message = "the provider refused this client: check the client's ID, credentials and authentication method"
  const seen = printableErrorCode(oauthErrorOf(error))
  const details = { subject: 'client authentication', seen, option: 'clientSecret, clientAuthentication' }
  return new ProviderError('provider_refused_client', message, { details, ...evidence(error) })
}

function evidence(error: unknown): Pick<OidcErrorInit, 'cause' | 'provider'> {
  return { cause: redactedCause(error), provider: responseReport(error) }
}

function invalidResponse(error: unknown, about: string): TokenEndpointError {
  const message = `the ${about} endpoint returned something that is not a ${about} response`
  return new TokenEndpointError('token_response_invalid', message, { cause: redactedCause(error) })
}

function toFailure(error: unknown): Failure {
  if (!isError(error)) return {}
  const { cause } = error
  const oauthError = property(error, 'error')
  const status = property(error, 'status') ?? (cause instanceof BufferedResponse ? cause.status : undefined)
  return {
    ...(typeof oauthError === 'string' ? { error: oauthError } : {}),
    ...(typeof status === 'number' ? { status } : {}),
  }
}

function property(value: object, name: string): unknown {
  return Reflect.get(value, name)
}
