import type { Runtime } from '../../base/runtime.js'
import type { ConfiguredClient } from '../openid-client.js'
import { type TokenTarget, targetParameters, requestTokens, readTokens } from '../endpoints/token.js'
import type { GrantedTokens } from '../types.js'

/**
 * Asks for a token of this client's own (RFC 6749 section 4.4), once.
 *
 * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`
 * @throws {ProviderError} for outages, and `provider_refused_client`
 */
export async function grantClientCredentials(
  openidClient: ConfiguredClient,
  target: TokenTarget,
  runtime: Runtime,
): Promise<GrantedTokens> {
  // Counted from here: a slow answer must not make the token look younger than it is.
  const sentAt = runtime.now() / 1000
  const { openid, configuration } = openidClient
  const response = await requestTokens(openidClient, () =>
    openid.clientCredentialsGrant(configuration, targetParameters(target)),
  )
  return readTokens(response, target.scope, sentAt, openidClient)
}
