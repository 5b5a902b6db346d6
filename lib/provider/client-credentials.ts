import type { Platform } from '../options/platform.js'
import type { Engine } from './engine.js'
import { tokenEndpointFailure } from './failures.js'
import type { TokenTarget } from './token-target.js'
import { targetParameters } from './token-target.js'
import type { GrantedTokens } from './token-response.js'
import { readTokens } from './token-response.js'

/**
 * Asks for a token of this client's own (RFC 6749 section 4.4), once.
 *
 * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`
 * @throws {ProviderError} for outages, and `provider_refused_client`
 */
export async function grantClientCredentials(
  { openid, configuration }: Engine,
  target: TokenTarget,
  platform: Platform,
): Promise<GrantedTokens> {
  // Counted from here: a slow answer must not make the token look younger than it is.
  const sentAt = platform.now() / 1000
  const response = await openid
    .clientCredentialsGrant(configuration, targetParameters(target))
    .catch((error: unknown) => {
      throw tokenEndpointFailure(error)
    })
  return readTokens(response, target.scope, sentAt)
}
