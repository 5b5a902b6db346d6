import { AuthorizationResponseError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import { isPrefetch } from '../http/navigation.js'

/** An authorization response whose parameters are there once each and of reasonable size; none of them is believed yet. */
export interface AuthorizationResponse {
  readonly parameters: URLSearchParams
  readonly state: string
  readonly isError: boolean
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
  if (Boolean(parameters.get('code')) === Boolean(parameters.get('error')))
    throw invalid('it must hold either code or error')
  const state = parameters.get('state')
  if (!state)
    throw new AuthorizationResponseError(
      'state_missing',
      'the authorization response has no state: start the login again',
    )
  return { parameters, state, isError: parameters.has('error') }
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
