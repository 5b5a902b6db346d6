import type { Platform } from '../../base/runtime.js'
import type { Engine } from '../openid-client.js'
import {
  type TokenTarget,
  type GrantedTokens,
  targetParameters,
  requestTokens,
  readTokens,
} from '../endpoints/token.js'

/**
 * Asks for a token of this client's own (RFC 6749 section 4.4), once.
 *
 * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`
 * @throws {ProviderError} for outages, and `provider_refused_client`
 */
export async function grantClientCredentials(
  engine: Engine,
  target: TokenTarget,
  platform: Platform,
): Promise<GrantedTokens> {
  // Counted from here: a slow answer must not make the token look younger than it is.
  const sentAt = platform.now() / 1000
  const { openid, configuration } = engine
  const response = await requestTokens(engine, () =>
    openid.clientCredentialsGrant(configuration, targetParameters(target)),
  )
  return readTokens(response, target.scope, sentAt, engine)
}
