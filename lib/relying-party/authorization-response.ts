import { AuthorizationResponseError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import { isPrefetch } from '../http/navigation.js'

/** An authorization response whose parameters are there once each and of reasonable size; none of them is believed yet. */
export interface AuthorizationResponse {
  readonly parameters: URLSearchParams
  /** Empty where there is none: the request is no answer to any login. */
  readonly state: string
  /** What the provider says went wrong. */
  readonly error: string | undefined
  /** A code came in the query although it was to be posted: it may have been put there by anybody, and been seen by many. */
  readonly isMisplaced: boolean
}

// Parameters of OAuth and OpenID Connect responses: none may come twice (RFC 6749 section 3.1).
const once = [
  'code',
  'state',
  'error',
  'error_description',
  'error_uri',
  'iss',
  'response',
  'id_token',
  'access_token',
  'session_state',
]
// What parsers of nested objects would take for a state: no link of anybody's has it.
const nestedState = /\[.*\bstate\b|\bstate\b.*\[/
const longestValue = 4096
const longestQuery = 16_384

/**
 * Reads the response from the query, or from the body for `form_post`.
 *
 * @throws {AuthorizationResponseError} 405 for other methods, 400 for parameters that no honest provider sends.
 */
export async function readResponse(exchange: Exchange, formPost: boolean): Promise<AuthorizationResponse> {
  refuseOtherMethods(exchange, formPost)
  if (exchange.query.length > longestQuery) throw invalid('the query is too long')
  const parameters = exchange.method === 'POST' ? await exchange.form() : new URLSearchParams(exchange.query)
  const repeated = once.filter((name) => parameters.getAll(name).length > 1)
  if (repeated.length > 0) throw invalid(`${repeated.join(', ')} came more than once`)
  const oversized = once.filter((name) => (parameters.get(name)?.length ?? 0) > longestValue)
  if (oversized.length > 0) throw invalid(`${oversized.join(', ')} is longer than ${longestValue} characters`)
  if ([...parameters.keys()].some((name) => nestedState.test(name))) throw stateMissing()
  const [code, error, state] = ['code', 'error', 'state'].map((name) => parameters.get(name) ?? '')
  // Without a state it is no response but a link, such as one from a verified e-mail, which may say anything.
  if (state !== '' && (code === '') === (error === '')) throw invalid('it must hold either code or error')
  return {
    parameters,
    state: state ?? '',
    error: error === '' ? undefined : error,
    isMisplaced: formPost && exchange.method !== 'POST' && code !== '',
  }
}

/** The failure for a response that belongs to no login. */
export function stateMissing(): AuthorizationResponseError {
  return new AuthorizationResponseError(
    'state_missing',
    'the authorization response has no state: start the login again',
  )
}

/** The failure for a code that came in the query, where it was to be posted. */
export function misplaced(): AuthorizationResponseError {
  return invalid('the code came in the query, and response_mode "form_post" was asked for')
}

function refuseOtherMethods(exchange: Exchange, formPost: boolean): void {
  const allowed = formPost ? ['GET', 'POST'] : ['GET']
  if (!allowed.includes(exchange.method)) {
    const message = `the callback takes ${allowed.join(' and ')} only`
    throw new AuthorizationResponseError('method_not_allowed', message, {
      status: 405,
      headers: { Allow: allowed.join(', ') },
    })
  }
  // A code works once: the prefetch of a link must not spend it.
  if (isPrefetch(exchange)) throw invalid('it was fetched ahead of need')
}

function invalid(problem: string): AuthorizationResponseError {
  return new AuthorizationResponseError('invalid_response', `the authorization response is not acceptable: ${problem}`)
}
