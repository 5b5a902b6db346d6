import { AuthorizationResponseError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isPrefetch } from '../../http/fetch-metadata.js'
import {
  type AuthorizationResponse,
  invalidResponse,
  parseAuthorizationResponse,
} from '../../provider/endpoints/authorization-response.js'

/** An authorization response, and how it was sent. Its problem is thrown, unless it belongs to a silent login. */
export interface CallbackResponse extends AuthorizationResponse {
  /** Whether a code came in the query instead of a POST: anyone may have put it there, and it may be in logs. */
  readonly isMisplaced: boolean
}

const maxQueryLength = 16_384

/**
 * Reads the response from the query, or from the body for `form_post`.
 *
 * @throws {AuthorizationResponseError} 405 for other methods, 400 for a prefetch or a query that is too long
 */
export async function readCallback(httpRequest: HttpRequest, formPost: boolean): Promise<CallbackResponse> {
  const refused = refusedMethod(httpRequest, formPost)
  const isPosted = httpRequest.method === 'POST'
  if (refused !== undefined && !isPosted) throw refused
  // A code works once, so the prefetch of a link must not use it.
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

/** The error for a code that came in the query instead of a POST. */
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
