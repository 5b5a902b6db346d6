import { retryAfterSeconds } from '../../base/outage.js'
import { type OidcError, AuthorizationResponseError, ProviderError } from '../../errors.js'
import { quoted } from '../../base/error-cause.js'
import { equalSecrets } from '../../base/constant-time.js'
import { tenantIn } from '../../options/common/tenants.js'
import { browserReport, printableErrorCode } from './error-report.js'
import type { ProviderMetadata } from '../types.js'

/** An authorization response as received. Nothing in it can be trusted yet. */
export interface AuthorizationResponse {
  readonly parameters: URLSearchParams
  /** Set if a correct provider would not send this response. */
  readonly problem: AuthorizationResponseError | undefined
  /** Empty if there is none, or several: the request is then not a response to a login. */
  readonly state: string
  /** The provider's error code. */
  readonly error: string | undefined
}

/** Created by {@link validateAuthorizationResponse} only; the private field prevents look-alikes. */
class CheckedResponse {
  readonly #code: string

  constructor(code: string) {
    this.#code = code
  }

  /** The authorization code. */
  get code(): string {
    return this.#code
  }
}

/** An authorization response that has passed {@link validateAuthorizationResponse}, the only way to get one. */
export type ValidatedAuthorizationResponse = CheckedResponse

// Tokens in the front channel are never requested. A signed response (JARM) was opened before, so `response` is gone.
const otherFlows = ['id_token', 'access_token', 'token', 'response']
// No parameter may be repeated (RFC 6749 section 3.1).
const once = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state', ...otherFlows]
// Names that a parser of nested objects would read as state. Legitimate links have no such names.
const nestedState = /\[.*\bstate\b|\bstate\b.*\[/
const maxValueLength = 4096
const loginErrors = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required']
const outageErrors = ['temporarily_unavailable', 'server_error']

/** Parses an authorization response, and finds problems that do not depend on the login. */
export function parseAuthorizationResponse(parameters: URLSearchParams): AuthorizationResponse {
  const error = parameters.get('error') ?? ''
  const [state = '', ...states] = parameters.getAll('state')
  return {
    parameters,
    problem: problemOf(parameters),
    state: states.length > 0 ? '' : state,
    error: error === '' ? undefined : error,
  }
}

function problemOf(parameters: URLSearchParams): AuthorizationResponseError | undefined {
  const repeated = once.filter((name) => parameters.getAll(name).length > 1)
  if (repeated.length > 0) return invalidResponse(`${repeated.join(', ')} came more than once`)
  const oversized = once.filter((name) => (parameters.get(name)?.length ?? 0) > maxValueLength)
  if (oversized.length > 0)
    return invalidResponse(`${oversized.join(', ')} is longer than ${maxValueLength} characters`)
  if ([...parameters.keys()].some((name) => nestedState.test(name))) return stateMissing()
  const [code, error, state] = ['code', 'error', 'state'].map((name) => parameters.get(name) ?? '')
  // Without a state it is not a response but a link, such as one in a verification e-mail, which may have any
  // parameters.
  const isNeither = state !== '' && (code === '') === (error === '')
  return isNeither ? codeOrErrorNeeded() : undefined
}

/**
 * Validates an authorization response against its login, before anything in it is used: its form, `iss` (RFC 9207
 * section 2.4), `state`, then `error` (RFC 6749 section 4.1.2.1).
 *
 * @returns the proof of validation that the code exchange requires
 * @throws {AuthorizationResponseError} `invalid_response`, `issuer_mismatch`, `state_missing`, `state_mismatch`,
 *   `access_denied`, `login_required`, `authorization_failed`
 * @throws {ProviderError} `provider_unavailable` when the provider reports an outage
 */
export function validateAuthorizationResponse(
  { parameters, problem, state, error }: AuthorizationResponse,
  expectedState: string,
  metadata: ProviderMetadata,
): ValidatedAuthorizationResponse {
  if (problem !== undefined) throw problem
  checkIssuer(parameters.get('iss'), metadata)
  checkState(state, expectedState)
  if (otherFlows.some((name) => parameters.has(name))) throw invalidResponse('it has parameters of another flow')
  const code = parameters.get('code')
  if (code === null && error !== undefined) throw refusalOf(error, parameters)
  if (code === null || code === '' || parameters.has('error')) throw codeOrErrorNeeded()
  return new CheckedResponse(code)
}

function checkIssuer(iss: string | null, metadata: ProviderMetadata): void {
  const isRequired = metadata['authorization_response_iss_parameter_supported'] === true
  if (iss === null ? !isRequired : iss === metadata.issuer || tenantIn(iss, metadata.issuer) !== undefined) return
  const message =
    iss === null
      ? 'the response has no iss, although the metadata of the provider announces one'
      : 'the response is from another provider'
  // The browser brought it, so its value is anybody's.
  const seen = iss === null ? 'missing' : 'another value'
  const details = { subject: 'iss', seen, expected: quoted(metadata.issuer), option: 'issuer' }
  throw new AuthorizationResponseError('issuer_mismatch', message, { details })
}

function checkState(state: string, expected: string): void {
  if (state === '') throw stateMissing()
  if (!equalSecrets(state, expected)) {
    throw new AuthorizationResponseError('state_mismatch', 'the response belongs to another login')
  }
}

/**
 * Maps the `error` of an authorization response. `error_description` is for logs only: it is meant for developers, anyone can
 * forge it, and some providers put names in it.
 */
export function refusalOf(error: string, parameters: URLSearchParams): OidcError {
  const provider = browserReport(parameters)
  if (error === 'access_denied') {
    return new AuthorizationResponseError('access_denied', 'the sign-in was cancelled or refused', { provider })
  }
  if (loginErrors.includes(error)) {
    return new AuthorizationResponseError('login_required', `the provider needs to show a page: ${error}`, { provider })
  }
  if (outageErrors.includes(error)) {
    const message = `the provider cannot sign anyone in at the moment: ${error}`
    const headers = { 'Retry-After': String(retryAfterSeconds) }
    return new ProviderError('provider_unavailable', message, { headers, provider })
  }
  const message = `the provider refused the authorization request: ${printableErrorCode(error)}`
  return new AuthorizationResponseError('authorization_failed', message, { provider })
}

/** The error for a response without a state. */
export function stateMissing(): AuthorizationResponseError {
  return new AuthorizationResponseError(
    'state_missing',
    'the authorization response has no state: start the login again',
  )
}

function codeOrErrorNeeded(): AuthorizationResponseError {
  return invalidResponse('it must hold either code or error')
}

/** The error for a malformed response. */
export function invalidResponse(problem: string): AuthorizationResponseError {
  return new AuthorizationResponseError('invalid_response', `the authorization response is invalid: ${problem}`)
}
