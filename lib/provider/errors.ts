import type { OidcErrorInit, ProviderErrorReport } from '../error-details.js'
import { AuthorizationResponseError, type OidcError, ProviderError, TokenEndpointError } from '../errors.js'
import { isError, redactedCause, ownError } from '../base/error-cause.js'
import { printableErrorCode, responseReport } from './endpoints/error-report.js'
import { BufferedResponse } from './transport/response.js'

/** The members of a foreign error. It has no type, since libraries wrap each other's errors. */
interface Failure {
  readonly name: string
  readonly code?: string
  readonly message?: string
  readonly status?: number
  /** `error` of an OAuth error response (RFC 6749 section 5.2). */
  readonly error?: string
  readonly cause?: unknown
}

/** The provider asked clients to retry later (RFC 6585 section 4, RFC 9110 section 15.6.4). */
export class ProviderBusy extends ProviderError {
  constructor(message: string, seconds: number, provider?: ProviderErrorReport) {
    super('provider_unavailable', message, { headers: { 'Retry-After': String(seconds) }, provider })
    this.name = ProviderError.name
  }
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
  if (isClientRefusal(failure)) return clientRefused(error)
  const why = printableErrorCode(failure?.error)
  const message = `the provider refused the pushed authorization request: ${why}`
  return new AuthorizationResponseError('authorization_failed', message, { status: 502, ...evidence(error) })
}

function grantFailure(error: unknown, about: string): OidcError | undefined {
  const failure = toFailure(error)
  // With any status: some providers send 401 or 403.
  if (failure?.error === 'invalid_grant') {
    return new TokenEndpointError(
      'invalid_grant',
      'the provider refused the grant: it was used before, has expired or was revoked',
      evidence(error),
    )
  }
  if (isClientRefusal(failure)) return clientRefused(error)
  if (failure?.error === undefined) return undefined
  const message = `the ${about} endpoint refused the request: ${printableErrorCode(failure.error)}`
  return new TokenEndpointError('token_request_failed', message, evidence(error))
}

function isClientRefusal(failure: Failure | undefined): boolean {
  return failure?.status === 401 || failure?.error === 'invalid_client' || failure?.error === 'unauthorized_client'
}

function clientRefused(error: unknown): ProviderError {
  const message = "the provider refused this client: check the client's ID, credentials and authentication method"
  const seen = printableErrorCode(toFailure(error)?.error)
  const details = { subject: 'client authentication', seen, option: 'clientSecret, clientAuthentication' }
  return new ProviderError('provider_refused_client', message, { status: 502, details, ...evidence(error) })
}

function evidence(error: unknown): Pick<OidcErrorInit, 'cause' | 'provider'> {
  return { cause: redactedCause(error), provider: responseReport(error) }
}

function invalidResponse(error: unknown, about: string): TokenEndpointError {
  const message = `the ${about} endpoint returned something that is not a ${about} response`
  return new TokenEndpointError('token_response_invalid', message, { cause: redactedCause(error) })
}

function toFailure(error: unknown): Failure | undefined {
  if (!isError(error)) return undefined
  const { name, message, cause } = error
  const code = property(error, 'code')
  const oauthError = property(error, 'error')
  const status = property(error, 'status') ?? (cause instanceof BufferedResponse ? cause.status : undefined)
  return {
    name,
    message,
    cause,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof oauthError === 'string' ? { error: oauthError } : {}),
    ...(typeof status === 'number' ? { status } : {}),
  }
}

function property(value: object, name: string): unknown {
  return Reflect.get(value, name)
}
