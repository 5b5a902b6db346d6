import { TokenEndpointError } from '../errors.js'
import { type JsonObject, parseJsonObject } from '../seal/json.js'
import { standardMembers } from './blanks.js'
import { outage, printableErrorCode } from './failures.js'
import type { OutboundResponse } from './outbound-response.js'

/**
 * A refusal that may be about the refresh token, or about anything else: providers say `invalid_request`, `access_denied`
 * or nothing where RFC 6749 section 5.2 wants `invalid_grant`.
 */
export class UnclearRefusal extends TokenEndpointError {
  /** Equal for refusals in the same words. */
  readonly way: string

  constructor(way: string) {
    super('token_request_failed', `the token endpoint refused the refresh token, or the request: ${way}`)
    this.name = TokenEndpointError.name
    this.way = way
  }
}

/** The member that an ID Token waits in for its judge: openid-client would refuse the tokens beside it for the least flaw. */
export const unjudgedIdToken = 'id_token (unjudged)'

const clientFaults: readonly unknown[] = [
  'invalid_client',
  'unauthorized_client',
  'use_dpop_nonce',
  'invalid_dpop_proof',
]
// Of the authorization endpoint and of the device grant by their definition (RFC 6749 section 4.1.2.1, RFC 8628 section 3.5).
const outages: readonly unknown[] = ['temporarily_unavailable', 'server_error', 'slow_down']

/**
 * The body of an answer to a refresh, made ready for openid-client, and told apart first: whether a person has to sign in
 * again is not for a status alone to say.
 *
 * @throws {TokenEndpointError} `invalid_grant` for a refresh token that is dead for sure; {@link UnclearRefusal}
 * @throws {ProviderError} for an outage in the words of an error response
 */
export function readRefreshAnswer(answer: OutboundResponse): string {
  const { status, text } = answer
  const body = parseJsonObject(text)
  if (status < 300 && typeof body?.['access_token'] === 'string') return withUnjudgedIdToken(standardMembers(body))
  const error = body?.['error']
  if (isDeadGrant(error)) throw deadGrant(error)
  if (outages.includes(error)) throw outage('provider_unavailable', `the token endpoint said ${String(error)}`)
  if (isClientFault(answer, error)) return text
  // Whatever it is, the token may have been spent for it.
  if (body === undefined && status < 300) return text
  throw body === undefined && isPage(answer) ? pageInstead(status) : unclear(status, error)
}

function unclear(status: number, error: unknown): UnclearRefusal {
  return new UnclearRefusal(typeof error === 'string' ? printableErrorCode(error) : `status ${status}`)
}

function pageInstead(status: number): TokenEndpointError {
  return new TokenEndpointError('token_request_failed', `the token endpoint answered with a page, status ${status}`)
}

/** Whether an answer is about the client rather than the grant. */
export function isClientFault(answer: OutboundResponse, error: unknown): boolean {
  if (clientFaults.includes(error)) return true
  if (answer.status !== 401 || error !== undefined) return false
  // Who authenticates by a header is refused with a challenge (RFC 6749 section 5.2).
  return answer.header('www-authenticate') !== undefined || isPage(answer)
}

/** Whether an error says that the grant is dead: in RFC 6749's word, or in those of OpenID Connect Core section 3.1.2.6. */
export function isDeadGrant(error: unknown): error is string {
  return typeof error === 'string' && (error === 'invalid_grant' || /^[a-z_]{1,60}_required$/.test(error))
}

function deadGrant(error: string): TokenEndpointError {
  const message = `the provider refused the refresh token: ${error}`
  return new TokenEndpointError('invalid_grant', message)
}

function isPage(answer: OutboundResponse): boolean {
  const type = answer.header('content-type') ?? ''
  return /^(text\/html|application\/xhtml\+xml)\b/i.test(type) || /^\s*</.test(answer.text)
}

function withUnjudgedIdToken({ id_token: idToken, ...rest }: JsonObject): string {
  return JSON.stringify(idToken === undefined ? rest : { ...rest, [unjudgedIdToken]: idToken })
}
