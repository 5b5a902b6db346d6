import type { ConfiguredClient } from '../openid-client.js'
import { oauthErrorOf, tokenEndpointFailure } from '../errors.js'

/** Kind of the token to revoke: the provider looks there first (RFC 7009 section 2.1). */
export type TokenTypeHint = 'access_token' | 'refresh_token'

/**
 * Revokes a token (RFC 7009), with one request.
 *
 * @returns whether the provider revokes such tokens at all; an unknown token counts as revoked (section 2.2)
 * @throws {ProviderError} for outages: the token must be thought of as valid; and `provider_refused_client`
 * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`
 */
export async function revokeToken(
  { openid, configuration, metadata }: ConfiguredClient,
  token: string,
  hint?: TokenTypeHint,
): Promise<boolean> {
  if (metadata.revocation_endpoint === undefined) return false
  try {
    await openid.tokenRevocation(configuration, token, hint === undefined ? {} : { token_type_hint: hint })
    return true
  } catch (error) {
    if (isUnsupported(error)) return false
    throw tokenEndpointFailure(error, 'revocation')
  }
}

function isUnsupported(error: unknown): boolean {
  return oauthErrorOf(error) === 'unsupported_token_type'
}
