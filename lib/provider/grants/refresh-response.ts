import { outage } from '../../base/outage.js'
import type { ProviderErrorReport } from '../../error-details.js'
import { type OidcError, type ProviderError, TokenEndpointError } from '../../errors.js'
import { type JsonObject, parseJsonObject } from '../../base/json.js'
import { hasTokens, readableTokenResponse } from '../endpoints/token-response.js'
import { bodyReport, printableErrorCode } from '../endpoints/error-report.js'
import type { HttpResponse } from '../transport/response.js'

/**
 * A rejection that may concern the refresh token or anything else: some providers send `invalid_request`,
 * `access_denied` or nothing where RFC 6749 section 5.2 requires `invalid_grant`.
 */
export class UnclearRefusal extends TokenEndpointError {
  /** Equal for rejections with the same error code or status. */
  readonly way: string

  constructor(way: string, provider?: ProviderErrorReport) {
    super('token_request_failed', `the token endpoint refused the refresh token, or the request: ${way}`, { provider })
    this.name = TokenEndpointError.name
    this.way = way
  }
}

const clientFaults: readonly unknown[] = [
  'invalid_client',
  'unauthorized_client',
  'use_dpop_nonce',
  'invalid_dpop_proof',
  // These concern the request and not the refresh token (RFC 6749 section 5.2, RFC 8707 section 2).
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
]
// Defined for the authorization endpoint: a person has to act (OpenID Connect Core section 3.1.2.6, RFC 9470 section
// 3).
const personWords =
  'interaction|login|relogin|sign_?in|consent|account_selection|[2m]fa|otp|second_factor|multi_?factor|step_?up|authentication|' +
  'reauth|reauthentication|user|user_action|password|password_change|password_reset|verification|enrollment|terms|terms_acceptance'
const personRequired = new RegExp(`^(?:[a-z0-9]{1,20}_){0,3}(?:${personWords})_required$`)
// These concern the client's credentials, its proofs or its connection.
const clientRequired =
  /^(?:.*_)?(?:client|m?tls|ssl|https|dpop|proof|pop|certificate|assertion|attestation|pkce|par|jar|secret|key|signature|nonce)_(?:.*_)?required$/
const maxWordLength = 64
const personUnmet: readonly unknown[] = ['insufficient_user_authentication', 'unmet_authentication_requirements']
// Only a server that processes grants sends these; other statuses come from a proxy, or from a server that does not
// know grants.
const refusalStatuses: readonly number[] = [400, 401, 403]
// Defined for the authorization endpoint and the device grant (RFC 6749 section 4.1.2.1, RFC 8628 section 3.5).
const outages: readonly unknown[] = ['temporarily_unavailable', 'server_error', 'slow_down']

/**
 * Classifies the response to a refresh, and returns its body for openid-client, or `undefined` where that should read it as it
 * is. A status alone does not decide whether a person has to sign in again.
 *
 * @throws {TokenEndpointError} `invalid_grant` for a refresh token that is certainly dead; {@link UnclearRefusal}
 * @throws {ProviderError} for an error response that reports an outage
 */
export function readRefreshResponse(answer: HttpResponse): JsonObject | undefined {
  const { status, text } = answer
  const body = parseJsonObject(text)
  if (status < 300 && body !== undefined && hasTokens(body)) return readableTokenResponse(body)
  const error = body?.['error']
  if (isDeadGrant(error)) throw deadGrant(error, body)
  if (outages.includes(error)) throw outage('provider_unavailable', `the token endpoint reported ${String(error)}`)
  if (isClientFault(answer, error)) return undefined
  // An unreadable success: the token may have been used.
  if (body === undefined && status < 300) return undefined
  throw unclearFailure(answer, body)
}

function unclearFailure(answer: HttpResponse, body: JsonObject | undefined): OidcError {
  const { status } = answer
  if (status >= 300 && !refusalStatuses.includes(status)) return notReached(status)
  return body === undefined && isPage(answer) ? answeredWithPage(status) : unclearRefusal(status, body)
}

function unclearRefusal(status: number, body: JsonObject | undefined): UnclearRefusal {
  const error = body?.['error']
  return new UnclearRefusal(
    typeof error === 'string' ? printableErrorCode(error) : `status ${status}`,
    bodyReport(body),
  )
}

function notReached(status: number): ProviderError {
  return outage('provider_unavailable', `the token endpoint is unavailable: status ${status}`)
}

function answeredWithPage(status: number): TokenEndpointError {
  return new TokenEndpointError('token_request_failed', `the token endpoint returned a page, status ${status}`)
}

/** Whether an error response concerns the client and not the grant. */
function isClientFault(answer: HttpResponse, error: unknown): boolean {
  if (clientFaults.includes(error) || isRequiredOfClient(error)) return true
  if (answer.status !== 401 || error !== undefined) return false
  // A client that authenticates by a header is rejected with a challenge (RFC 6749 section 5.2).
  return answer.header('www-authenticate') !== undefined || isPage(answer)
}

/** Whether an error means that the grant is dead: the code of RFC 6749, or one that asks for the person. */
export function isDeadGrant(error: unknown): error is string {
  if (typeof error !== 'string' || error.length > maxWordLength) return false
  if (error === 'invalid_grant' || personUnmet.includes(error)) return true
  return personRequired.test(error) && !clientRequired.test(error)
}

function isRequiredOfClient(error: unknown): boolean {
  return typeof error === 'string' && error.length <= maxWordLength && clientRequired.test(error)
}

function deadGrant(error: string, body: JsonObject | undefined): TokenEndpointError {
  const message = `the provider refused the refresh token: ${error}`
  return new TokenEndpointError('invalid_grant', message, { provider: bodyReport(body) })
}

function isPage(answer: HttpResponse): boolean {
  const type = answer.header('content-type') ?? ''
  return /^(text\/html|application\/xhtml\+xml)\b/i.test(type) || /^\s*</.test(answer.text)
}
