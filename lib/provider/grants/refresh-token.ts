import type { Runtime } from '../../base/runtime.js'
import type { ConfiguredClient } from '../openid-client.js'
import type { IdTokenValidator } from '../tokens/id-token.js'
import { unverifiedIdToken } from '../endpoints/token-response.js'
import { checkRefreshedIdToken } from '../tokens/refreshed-id-token.js'
import { requestTokens, readLoginTokens } from '../endpoints/token.js'
import type { RefreshedTokens, RefreshRequest } from '../types.js'

/**
 * Refreshes tokens; does not retry. A new ID Token must be about the same login (OpenID Connect Core section 12.2),
 * otherwise the whole response is discarded; see {@link checkRefreshedIdToken}.
 *
 * @throws {TokenEndpointError} `invalid_grant`, `token_request_failed`, `token_response_invalid`; see
 *   {@link readRefreshResponse}
 * @throws {TokenValidationError} for a new ID Token; `subject_mismatch` for another person's
 * @throws {AuthorizationResponseError} `access_denied` for one of a tenant that is no longer accepted
 * @throws {ProviderError} for outages, and `provider_refused_client`
 */
export async function refreshTokens(
  openidClient: ConfiguredClient,
  request: RefreshRequest,
  idTokens: IdTokenValidator,
  runtime: Runtime,
): Promise<RefreshedTokens> {
  const { openid, configuration } = openidClient
  // The lifetime counts from here, since a slow response must not make the token look younger than it is.
  const sentAt = runtime.now() / 1000
  const response = await requestTokens(openidClient, () =>
    openid.refreshTokenGrant(configuration, request.refreshToken, { ...request.parameters }),
  )
  const tokens = readLoginTokens(response, request.scope, sentAt, openidClient)
  const received = response[unverifiedIdToken]
  const refreshed = {
    idToken: typeof received === 'string' ? await idTokens.decrypt(received) : received,
    accessToken: tokens.accessToken,
    before: request.idTokenClaims,
  }
  const verdict = await checkRefreshedIdToken(refreshed, idTokens)
  return { ...tokens, refreshToken: tokens.refreshToken ?? request.refreshToken, ...verdict }
}
