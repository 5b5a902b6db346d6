import { AuthorizationResponseError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isPrefetch } from '../../http/fetch-metadata.js'
import {
  type AuthorizationResponse,
  invalidResponse,
  parseAuthorizationResponse,
} from '../../provider/endpoints/authorization-response.js'

/** An authorization response, and how it came. Its problem is thrown, unless nobody has asked for the login that it belongs to. */
export interface CallbackResponse extends AuthorizationResponse {
  /** A code came in the query although it was to be posted: it may have been put there by anybody, and been seen by many. */
  readonly isMisplaced: boolean
}

const maxQueryLength = 16_384

/**
 * Reads the response from the query, or from the body for `form_post`.
 *
 * @throws {AuthorizationResponseError} 405 for other methods, 400 for what is fetched ahead of need, or too long to be read.
 */
export async function readCallback(httpRequest: HttpRequest, formPost: boolean): Promise<CallbackResponse> {
  const refused = refusedMethod(httpRequest, formPost)
  const isPosted = httpRequest.method === 'POST'
  if (refused !== undefined && !isPosted) throw refused
  // A code works once: the prefetch of a link must not spend it.
  if (isPrefetch(httpRequest)) throw invalidResponse('it was a prefetch')
  if (httpRequest.query.length > maxQueryLength) throw invalidResponse('the query is too long')
  const parameters = isPosted ? await formOf(httpRequest, refused) : new URLSearchParams(httpRequest.query)
  const response = parseAuthorizationResponse(parameters)
  const hasCode = (parameters.get('code') ?? '') !== ''
  return { ...response, problem: refused ?? response.problem, isMisplaced: formPost && !isPosted && hasCode }
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

/** The failure for a code that came in the query, where it was to be posted. */
export function codeMisplaced(): AuthorizationResponseError {
  return invalidResponse('the code came in the query, although response_mode "form_post" was requested')
}

function refusedMethod(httpRequest: HttpRequest, formPost: boolean): AuthorizationResponseError | undefined {
  const allowed = formPost ? ['GET', 'POST'] : ['GET']
  if (allowed.includes(httpRequest.method)) return undefined
  const message = `the callback accepts only ${allowed.join(' and ')}`
  const details = { status: 405, headers: { Allow: allowed.join(', ') } }
  return new AuthorizationResponseError('method_not_allowed', message, details)
}
