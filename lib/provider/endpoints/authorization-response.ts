import { outage } from '../../base/outage.js'
import { type OidcError, AuthorizationResponseError } from '../../errors.js'
import { equalSecrets } from '../../base/constant-time.js'
import { printableErrorCode } from '../errors.js'
import type { ProviderMetadata } from '../types.js'

/** An authorization response as it came: nothing of it is believed yet. */
export interface AuthorizationResponse {
  readonly parameters: URLSearchParams
  /** What no honest provider sends. */
  readonly problem: AuthorizationResponseError | undefined
  /** Empty where there is none, or several: the request is not a response to any login. */
  readonly state: string
  /** What the provider says went wrong. */
  readonly error: string | undefined
}

/** What only {@link validateAuthorizationResponse} can make: the private member keeps look-alikes out. */
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

/** An authorization response that has passed {@link validateAuthorizationResponse}; nothing else makes one. */
export type ValidatedAuthorizationResponse = CheckedResponse

// Tokens in the front channel, and JARM: nothing that was asked for.
const otherFlows = ['id_token', 'access_token', 'token', 'response']
// None may come twice (RFC 6749 section 3.1).
const once = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state', ...otherFlows]
// What parsers of nested objects would take for a state: no link of anybody's has it.
const nestedState = /\[.*\bstate\b|\bstate\b.*\[/
const maxValueLength = 4096
const loginErrors = ['login_required', 'interaction_required', 'consent_required', 'account_selection_required']
const outageErrors = ['temporarily_unavailable', 'server_error']

/** Takes an authorization response apart, and finds what is wrong with it whatever login it belongs to. */
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
  // Without a state it is no response but a link, such as one from a verified e-mail, which may say anything.
  const isNeither = state !== '' && (code === '') === (error === '')
  return isNeither ? invalidResponse('it must hold either code or error') : undefined
}

/**
 * Checks that an authorization response is the answer to a login, before anything is done with it: its form, `iss`
 * (RFC 9207 section 2.4), `state`, then `error` (RFC 6749 section 4.1.2.1).
 *
 * @returns what a code exchange demands
 * @throws {AuthorizationResponseError} `invalid_response`, `issuer_mismatch`, `state_missing`, `state_mismatch`,
 *   `access_denied`, `login_required`, `authorization_failed`
 * @throws {ProviderError} `provider_unavailable` when the provider says that it is
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
  if (code === null && error !== undefined) throw refusalOf(error)
  if (code === null || code === '' || parameters.has('error')) {
    throw invalidResponse('it must hold either code or error')
  }
  return new CheckedResponse(code)
}

function checkIssuer(iss: string | null, metadata: ProviderMetadata): void {
  const isRequired = metadata['authorization_response_iss_parameter_supported'] === true
  if (iss === null ? !isRequired : iss === metadata.issuer) return
  const message =
    iss === null
      ? 'the response has no iss, although the metadata of the provider announces one'
      : 'the response is from another provider'
  throw new AuthorizationResponseError('issuer_mismatch', message)
}

function checkState(state: string, expected: string): void {
  if (state === '') throw stateMissing()
  if (!equalSecrets(state, expected)) {
    throw new AuthorizationResponseError('state_mismatch', 'the response belongs to another login')
  }
}

/**
 * The failure that an authorization response's `error` stands for. `error_description` is left out: it is for developers,
 * anyone can write it, and some providers put names in it.
 */
export function refusalOf(error: string): OidcError {
  if (error === 'access_denied') {
    return new AuthorizationResponseError('access_denied', 'the sign-in was cancelled or refused')
  }
  if (loginErrors.includes(error)) {
    return new AuthorizationResponseError('login_required', `the provider needs to show a page: ${error}`)
  }
  if (outageErrors.includes(error)) {
    return outage('provider_unavailable', `the provider cannot sign anyone in at the moment: ${error}`)
  }
  const message = `the provider refused the authorization request: ${printableErrorCode(error)}`
  return new AuthorizationResponseError('authorization_failed', message)
}

/** The failure for a response that belongs to no login. */
export function stateMissing(): AuthorizationResponseError {
  return new AuthorizationResponseError(
    'state_missing',
    'the authorization response has no state: start the login again',
  )
}

/** The failure for a response that breaks a rule. */
export function invalidResponse(problem: string): AuthorizationResponseError {
  return new AuthorizationResponseError('invalid_response', `the authorization response is invalid: ${problem}`)
}
