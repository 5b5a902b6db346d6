import type { TokenEndpointResponse } from 'openid-client'
import { TokenEndpointError } from '../../errors.js'
import type { Engine } from '../openid-client.js'

/** The members of a token response (RFC 6749 section 5.1), checked. */
export interface GrantedTokens {
  readonly accessToken: string
  readonly tokenType: string
  readonly accessTokenExpiresAt?: number
  readonly refreshToken?: string
  readonly scope: string
}

// VSCHAR: what a token may be made of (RFC 6749 appendix A), and what fits into a header.
const tokenText = /^[\x20-\x7e]+$/
const longestLifetime = 10 * 365 * 86_400

/**
 * Reads a token response that openid-client has taken apart.
 *
 * @param scope - what was asked for: granted when the response does not say
 * @param nowSeconds - seconds since the epoch
 * @param engine - whether the tokens must be bound to a key (RFC 9449 section 5)
 * @throws {TokenEndpointError} `token_response_invalid`
 */
export function readTokens(
  response: TokenEndpointResponse,
  scope: string,
  nowSeconds: number,
  { dpop }: Pick<Engine, 'dpop'>,
): GrantedTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = response
  // A token that is not bound would do without the proofs: whoever got hold of it could use it.
  if (dpop !== undefined && response.token_type !== 'dpop') throw invalid('a token that is not bound to the key')
  if (dpop === undefined && response.token_type !== 'bearer') throw invalid('a token type that was not asked for')
  if (!tokenText.test(accessToken)) throw invalid('a malformed access token')
  return {
    accessToken,
    tokenType: response.token_type,
    scope: response.scope ?? scope,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(expiresIn === undefined
      ? {}
      : { accessTokenExpiresAt: Math.floor(nowSeconds + Math.min(expiresIn, longestLifetime)) }),
  }
}

function invalid(what: string): TokenEndpointError {
  return new TokenEndpointError('token_response_invalid', `the token endpoint answered with ${what}`)
}
