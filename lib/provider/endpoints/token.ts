import { type AuthorizationDetail, authorizationDetailsIn } from '../../options/authorization-details/detail.js'
import { sendWithNonce } from '../../fetch/dpop.js'
import type { ConfiguredClient } from '../openid-client.js'
import { oauthErrorOf, tokenEndpointFailure } from '../errors.js'
import type { TokenEndpointResponse } from 'openid-client'
import { type OidcError, TokenEndpointError } from '../../errors.js'
import { noAccessToken } from './token-response.js'
import type { GrantedTokens, ReceivedTokens } from '../types.js'

/**
 * Sends a token request, and repeats it once if the server asks for a proof with a nonce (RFC 9449 section 8), which it
 * does before it uses the grant. The second request is built from scratch, with a new client assertion.
 *
 * @param failureOf - maps its errors
 * @throws {OidcError} as mapped by `failureOf`
 */
export async function requestTokens<T>(
  { dpop, tokenEndpoint }: ConfiguredClient,
  send: () => Promise<T>,
  failureOf: (error: unknown) => OidcError = tokenEndpointFailure,
): Promise<T> {
  // openid-client rejects if the server asks for a nonce.
  const settled = async () => (await Promise.allSettled([send()]))[0]
  const outcome =
    dpop === undefined || tokenEndpoint === undefined
      ? await settled()
      : await sendWithNonce({ dpop, url: tokenEndpoint, send: settled, asksAgain: isNonceError })
  if (outcome.status === 'rejected') throw failureOf(outcome.reason)
  return outcome.value
}

function isNonceError(outcome: PromiseSettledResult<unknown>): boolean {
  return outcome.status === 'rejected' && oauthErrorOf(outcome.reason) === 'use_dpop_nonce'
}

// VSCHAR: the characters allowed in a token (RFC 6749 appendix A), which are also valid in a header.
const tokenText = /^[\x20-\x7e]+$/
const maxLifetime = 10 * 365 * 86_400

/**
 * Reads the response to a login or refresh that openid-client has taken apart; see {@link readTokens}.
 *
 * @throws {TokenEndpointError} `token_response_invalid`
 */
export function readLoginTokens(
  ...[response, scope, nowSeconds, client]: Parameters<typeof readTokens>
): ReceivedTokens {
  if (response[noAccessToken] !== true) return readTokens(response, scope, nowSeconds, client)
  return {
    tokenType: client.dpop === undefined ? 'bearer' : 'dpop',
    scope: response.scope ?? scope,
    ...(response.refresh_token === undefined ? {} : { refreshToken: response.refresh_token }),
    ...grantedDetails(response),
  }
}

interface ExpectedTokens extends Pick<ConfiguredClient, 'dpop'> {
  readonly tokenType?: string
}

/**
 * Reads a token response as parsed by openid-client.
 *
 * @param scope - the requested scope, which was granted if the response does not say otherwise
 * @param nowSeconds - seconds since the epoch
 * @param expected - whether the tokens must be bound to a key (RFC 9449 section 5), or their `token_type` where it is
 *   another one
 * @throws {TokenEndpointError} `token_response_invalid`
 */
export function readTokens(
  response: TokenEndpointResponse,
  scope: string,
  nowSeconds: number,
  { dpop, tokenType = dpop === undefined ? 'bearer' : 'dpop' }: ExpectedTokens,
): GrantedTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = response
  if (response[noAccessToken] === true) throw invalid('no access token')
  if (response.token_type !== tokenType) {
    // An unbound token could be used without a proof by anyone who steals it.
    throw invalid(tokenType === 'dpop' ? 'a token that is not bound to the key' : 'a token type that was not requested')
  }
  if (!tokenText.test(accessToken)) throw invalid('a malformed access token')
  return {
    accessToken,
    tokenType: response.token_type,
    scope: response.scope ?? scope,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(expiresIn === undefined ? {} : { expiresAt: Math.floor(nowSeconds + Math.min(expiresIn, maxLifetime)) }),
    ...grantedDetails(response),
  }
}

function grantedDetails({ authorization_details: given }: TokenEndpointResponse): {
  readonly authorizationDetails?: readonly AuthorizationDetail[]
} {
  if (given === undefined) return {}
  const authorizationDetails = authorizationDetailsIn(given)
  if (authorizationDetails === undefined) throw invalid('malformed authorization_details')
  return { authorizationDetails }
}

function invalid(what: string): TokenEndpointError {
  return new TokenEndpointError('token_response_invalid', `the token endpoint returned ${what}`)
}

/** What a token is requested for. */
export interface TokenTarget {
  /** Scopes separated by spaces; empty for the server's default. */
  readonly scope: string
  /** Resource indicators (RFC 8707 section 2). */
  readonly resource: readonly string[]
  /** Names of the services that the token is for (RFC 8693 section 2.1). */
  readonly audience: readonly string[]
  /** JSON of `authorization_details` (RFC 9396 section 6). */
  readonly authorizationDetails?: string | undefined
}

/** Parameters of a token request that are not defined by its grant, such as `organization`. */
export type FurtherParameters = Readonly<Record<string, string>>

/** The target, and further parameters, as parameters of a token request. */
export function targetParameters(
  { scope, resource, audience, authorizationDetails }: TokenTarget,
  further: FurtherParameters = {},
): URLSearchParams {
  const parameters = new URLSearchParams(further)
  if (scope !== '') parameters.set('scope', scope)
  if (authorizationDetails !== undefined) parameters.set('authorization_details', authorizationDetails)
  for (const name of resource) parameters.append('resource', name)
  for (const name of audience) parameters.append('audience', name)
  return parameters
}
