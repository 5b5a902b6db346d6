import { AuthorizationResponseError, type OidcError, ProviderError, TokenEndpointError } from '../errors.js'
import { isError, redactedCause, ownError } from '../base/error-cause.js'
import { BufferedResponse } from './transport/response.js'

/** What is known of an error from outside: no types, since libraries wrap each other's. */
interface Failure {
  readonly name: string
  readonly code?: string
  readonly message?: string
  readonly status?: number
  /** `error` of an OAuth error response (RFC 6749 section 5.2). */
  readonly error?: string
  readonly cause?: unknown
}

/** The provider's own error code, if it is one (RFC 6749 section 4.1.2.1) and short enough to be shown. */
export function printableErrorCode(error: unknown): string {
  return typeof error === 'string' && /^[A-Za-z0-9_.:/-]{1,64}$/.test(error) ? error : 'unknown'
}

/** The provider has asked to be left alone for a while (RFC 6585 section 4, RFC 9110 section 15.6.4). */
export class ProviderBusy extends ProviderError {
  constructor(message: string, seconds: number) {
    super('provider_unavailable', message, { headers: { 'Retry-After': String(seconds) } })
    this.name = ProviderError.name
  }
}

/** Maps whatever a token request threw: our own errors pass, the rest is told apart by code, never by message. */
export function tokenEndpointFailure(error: unknown): OidcError {
  return ownError(error) ?? refusal(error) ?? invalidTokenResponse(error)
}

/** Maps whatever a pushed authorization request threw (RFC 9126 section 2.3). */
export function pushedRequestFailure(error: unknown): OidcError {
  const own = ownError(error)
  if (own !== undefined) return own
  const failure = look(error)
  if (isClientRefusal(failure)) return refusedClient(error)
  const why = printableErrorCode(failure?.error)
  const message = `the provider refused the pushed authorization request: ${why}`
  return new AuthorizationResponseError('authorization_failed', message, { status: 502, cause: redactedCause(error) })
}

function refusal(error: unknown): OidcError | undefined {
  const failure = look(error)
  const cause = redactedCause(error)
  // Whatever the status: some say 401 or 403.
  if (failure?.error === 'invalid_grant') {
    return new TokenEndpointError(
      'invalid_grant',
      'the provider refused the grant: it was used before, has expired or was revoked',
      { cause },
    )
  }
  if (isClientRefusal(failure)) return refusedClient(error)
  if (failure?.error === undefined) return undefined
  const message = `the token endpoint refused the request: ${printableErrorCode(failure.error)}`
  return new TokenEndpointError('token_request_failed', message, { cause })
}

function isClientRefusal(failure: Failure | undefined): boolean {
  return failure?.status === 401 || failure?.error === 'invalid_client' || failure?.error === 'unauthorized_client'
}

function refusedClient(error: unknown): ProviderError {
  const message = "the provider refused this client: check the client's ID, credentials and authentication method"
  return new ProviderError('provider_refused_client', message, { status: 502, cause: redactedCause(error) })
}

function invalidTokenResponse(error: unknown): TokenEndpointError {
  const message = 'the token endpoint returned something that is not a token response'
  return new TokenEndpointError('token_response_invalid', message, { cause: redactedCause(error) })
}

function look(error: unknown): Failure | undefined {
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
