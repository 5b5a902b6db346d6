import type { Runtime } from '../../base/runtime.js'
import type { ConfiguredClient } from '../openid-client.js'
import {
  type FurtherParameters,
  type TokenTarget,
  targetParameters,
  requestTokens,
  readTokens,
} from '../endpoints/token.js'
import type { GrantedTokens } from '../types.js'

/**
 * Requests an access token for the client itself (RFC 6749 section 4.4); does not retry.
 *
 * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`
 * @throws {ProviderError} for outages, and `provider_refused_client`
 */
export async function grantClientCredentials(
  openidClient: ConfiguredClient,
  target: TokenTarget,
  { runtime, params }: { readonly runtime: Runtime; readonly params?: FurtherParameters | undefined },
): Promise<GrantedTokens> {
  // The lifetime counts from here, since a slow response must not make the token look younger than it is.
  const sentAt = runtime.now() / 1000
  const { openid, configuration } = openidClient
  const response = await requestTokens(openidClient, () =>
    openid.clientCredentialsGrant(configuration, targetParameters(target, params)),
  )
  return readTokens(response, target.scope, sentAt, openidClient)
}
