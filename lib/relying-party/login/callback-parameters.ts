import { AuthorizationResponseError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isPrefetch } from '../../http/fetch-metadata.js'

/** An authorization response as it came: nothing of it is believed yet. */
export interface AuthorizationResponse {
  readonly parameters: URLSearchParams
  /** What no honest provider sends. It is thrown, unless nobody has asked for the login that the state belongs to. */
  readonly problem: AuthorizationResponseError | undefined
  /** Empty where there is none, or several: the request is no answer to any login. */
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
const maxValueLength = 4096
const maxQueryLength = 16_384

/**
 * Reads the response from the query, or from the body for `form_post`.
 *
 * @throws {AuthorizationResponseError} 405 for other methods, 400 for what is fetched ahead of need, or too long to be read.
 */
export async function readResponse(httpRequest: HttpRequest, formPost: boolean): Promise<AuthorizationResponse> {
  const refused = refusedMethod(httpRequest, formPost)
  if (refused !== undefined && httpRequest.method !== 'POST') throw refused
  // A code works once: the prefetch of a link must not spend it.
  if (isPrefetch(httpRequest)) throw invalid('it was fetched ahead of need')
  if (httpRequest.query.length > maxQueryLength) throw invalid('the query is too long')
  const parameters =
    httpRequest.method === 'POST' ? await formOf(httpRequest, refused) : new URLSearchParams(httpRequest.query)
  const [code, error] = ['code', 'error'].map((name) => parameters.get(name) ?? '')
  const [state = '', ...states] = parameters.getAll('state')
  return {
    parameters,
    problem: refused ?? problemOf(parameters),
    state: states.length > 0 ? '' : state,
    error: error === '' ? undefined : error,
    isMisplaced: formPost && httpRequest.method !== 'POST' && code !== '',
  }
}

async function formOf(
  httpRequest: HttpRequest,
  refused: AuthorizationResponseError | undefined,
): Promise<URLSearchParams> {
  try {
    return await httpRequest.form()
  } catch (error) {
    throw refused ?? error
  }
}

function problemOf(parameters: URLSearchParams): AuthorizationResponseError | undefined {
  const repeated = once.filter((name) => parameters.getAll(name).length > 1)
  if (repeated.length > 0) return invalid(`${repeated.join(', ')} came more than once`)
  const oversized = once.filter((name) => (parameters.get(name)?.length ?? 0) > maxValueLength)
  if (oversized.length > 0) return invalid(`${oversized.join(', ')} is longer than ${maxValueLength} characters`)
  if ([...parameters.keys()].some((name) => nestedState.test(name))) return stateMissing()
  const [code, error, state] = ['code', 'error', 'state'].map((name) => parameters.get(name) ?? '')
  // Without a state it is no response but a link, such as one from a verified e-mail, which may say anything.
  const isNeither = state !== '' && (code === '') === (error === '')
  return isNeither ? invalid('it must hold either code or error') : undefined
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

function refusedMethod(httpRequest: HttpRequest, formPost: boolean): AuthorizationResponseError | undefined {
  const allowed = formPost ? ['GET', 'POST'] : ['GET']
  if (allowed.includes(httpRequest.method)) return undefined
  const message = `the callback takes ${allowed.join(' and ')} only`
  const details = { status: 405, headers: { Allow: allowed.join(', ') } }
  return new AuthorizationResponseError('method_not_allowed', message, details)
}

function invalid(problem: string): AuthorizationResponseError {
  return new AuthorizationResponseError('invalid_response', `the authorization response is not acceptable: ${problem}`)
}
