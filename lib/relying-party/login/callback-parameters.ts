import { isOidcError } from '../../base/error-cause.js'
import { parseJsonObject } from '../../base/json.js'
import { AuthorizationResponseError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isPrefetch } from '../../http/fetch-metadata.js'
import { methodNotAllowed } from '../../http/problem.js'
import {
  type AuthorizationResponse,
  invalidResponse,
  parseAuthorizationResponse,
} from '../../provider/endpoints/authorization-response.js'
import type { OpenSignedResponse } from '../../provider/tokens/signed-response.js'
import { isSilent } from './transaction/transaction.js'

/** An authorization response, and how it was sent. Its problem is thrown, unless it belongs to a silent login. */
export interface CallbackResponse extends AuthorizationResponse {
  /** Whether a code came in the query instead of a POST: anyone may have put it there, and it may be in logs. */
  readonly isMisplaced: boolean
}

const maxQueryLength = 16_384

/**
 * Reads the response from the query, or from the body for `form_post`.
 *
 * @param open - opens signed responses, if these were asked for: plain ones are refused then
 * @throws {AuthorizationResponseError} 405 for other methods, 400 for a prefetch or a query that is too long
 * @throws {TokenValidationError} for a signed response that is invalid, but of a silent login
 */
export async function readCallback(
  httpRequest: HttpRequest,
  formPost: boolean,
  open?: OpenSignedResponse,
): Promise<CallbackResponse> {
  const refused = refusedMethod(httpRequest, formPost)
  const isPosted = httpRequest.method === 'POST'
  if (refused !== undefined && !isPosted) throw refused
  // A code works once, so the prefetch of a link must not use it.
  if (isPrefetch(httpRequest)) throw invalidResponse('it was a prefetch')
  if (httpRequest.query.length > maxQueryLength) throw invalidResponse('the query is too long')
  const parameters = isPosted ? await formOf(httpRequest, refused) : new URLSearchParams(httpRequest.query)
  const response =
    open === undefined || refused !== undefined
      ? parseAuthorizationResponse(parameters)
      : await signedResponse(parameters, open)
  const hasCode = (response.parameters.get('code') ?? '') !== ''
  return { ...response, problem: refused ?? response.problem, isMisplaced: formPost && !isPosted && hasCode }
}

// Anyone can add parameters to the signed ones, so nothing is read from them. Without a state this is not a response but a link.
async function signedResponse(received: URLSearchParams, open: OpenSignedResponse): Promise<AuthorizationResponse> {
  const [response, ...others] = received.getAll('response')
  if (others.length > 0) throw invalidResponse('response came more than once')
  if (response !== undefined) {
    return open(response).then(parseAuthorizationResponse, (error: unknown) => unverifiedResponse(response, error))
  }
  const plain = parseAuthorizationResponse(received)
  if (plain.problem !== undefined || plain.state === '') return plain
  const problem = invalidResponse('it is not signed, although "response_mode" asks for a signed one')
  return { ...plain, problem }
}

// Nobody asked for a silent login, and the browser goes back to the page that its own cookie names. Anybody can have written this
// state, so it only decides whether an error is shown.
function unverifiedResponse(response: string, error: unknown): AuthorizationResponse {
  const payload = Buffer.from(response.split('.')[1] ?? '', 'base64url').toString()
  const state = parseJsonObject(payload)?.['state']
  if (typeof state !== 'string' || !isSilent(state) || !isOidcError(error)) throw error
  const message = 'the authorization response of a silent login cannot be verified'
  const problem = new AuthorizationResponseError('invalid_response', message, { cause: error })
  return { ...parseAuthorizationResponse(new URLSearchParams({ state })), problem }
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
  return allowed.includes(httpRequest.method) ? undefined : methodNotAllowed('the callback', allowed)
}
