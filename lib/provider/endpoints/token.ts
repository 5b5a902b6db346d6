import type { ConfiguredClient } from '../openid-client.js'
import { tokenEndpointFailure } from '../errors.js'
import type { TokenEndpointResponse } from 'openid-client'
import { TokenEndpointError } from '../../errors.js'
import { noAccessToken } from './token-response.js'
import type { GrantedTokens, ReceivedTokens } from '../types.js'

/**
 * Makes a token request, and once more where the server asks for a proof with its nonce (RFC 9449 section 8): it does so
 * before it looks at the grant. The second request is built anew, its client assertion too.
 *
 * @throws {OidcError} as {@link tokenEndpointFailure} tells failures apart
 */
export async function requestTokens<T>({ dpop, tokenEndpoint }: ConfiguredClient, send: () => Promise<T>): Promise<T> {
  const failed = (error: unknown): never => {
    throw tokenEndpointFailure(error)
  }
  if (dpop === undefined || tokenEndpoint === undefined) return send().catch(failed)
  const nonce = dpop.nonceOf(tokenEndpoint)
  return send().catch((error: unknown) => {
    const isOld = asksForNonce(error) && dpop.nonceOf(tokenEndpoint) !== nonce
    return isOld ? send().catch(failed) : failed(error)
  })
}

function asksForNonce(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'error') === 'use_dpop_nonce'
}

// VSCHAR: what a token may be made of (RFC 6749 appendix A), and what fits into a header.
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
  }
}

/**
 * Reads a token response that openid-client has taken apart.
 *
 * @param scope - what was asked for: granted when the response does not say
 * @param nowSeconds - seconds since the epoch
 * @param openidClient - whether the tokens must be bound to a key (RFC 9449 section 5)
 * @throws {TokenEndpointError} `token_response_invalid`
 */
export function readTokens(
  response: TokenEndpointResponse,
  scope: string,
  nowSeconds: number,
  { dpop }: Pick<ConfiguredClient, 'dpop'>,
): GrantedTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = response
  if (response[noAccessToken] === true) throw invalid('no access token')
  // A token that is not bound would do without the proofs: whoever got hold of it could use it.
  if (dpop !== undefined && response.token_type !== 'dpop') throw invalid('a token that is not bound to the key')
  if (dpop === undefined && response.token_type !== 'bearer') throw invalid('a token type that was not requested')
  if (!tokenText.test(accessToken)) throw invalid('a malformed access token')
  return {
    accessToken,
    tokenType: response.token_type,
    scope: response.scope ?? scope,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(expiresIn === undefined
      ? {}
      : { accessTokenExpiresAt: Math.floor(nowSeconds + Math.min(expiresIn, maxLifetime)) }),
  }
}

function invalid(what: string): TokenEndpointError {
  return new TokenEndpointError('token_response_invalid', `the token endpoint returned ${what}`)
}

/** What a token shall be good for. */
export interface TokenTarget {
  /** Scopes separated by spaces; empty for what the server gives by default. */
  readonly scope: string
  /** Resource indicators (RFC 8707 section 2). */
  readonly resource: readonly string[]
  /** Names of the services that the token is for (RFC 8693 section 2.1). */
  readonly audience: readonly string[]
}

/** The target as parameters of a token request. */
export function targetParameters({ scope, resource, audience }: TokenTarget): URLSearchParams {
  const parameters = new URLSearchParams()
  if (scope !== '') parameters.set('scope', scope)
  for (const name of resource) parameters.append('resource', name)
  for (const name of audience) parameters.append('audience', name)
  return parameters
}
