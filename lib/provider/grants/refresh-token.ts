import type { Platform } from '../../base/runtime.js'
import type { Engine } from '../openid-client.js'
import type { IdTokens } from '../tokens/id-token.js'
import { unjudgedIdToken } from './refresh-response.js'
import { judgeRefreshedIdToken } from '../tokens/refreshed-id-token.js'
import { requestTokens, readTokens } from '../endpoints/token.js'
import type { RefreshedTokens, RefreshRequest } from '../types.js'

/**
 * Refreshes tokens, once. A new ID Token must be about the same login (OpenID Connect Core section 12.2), or the whole
 * response is thrown away; see {@link judgeRefreshedIdToken}.
 *
 * @throws {TokenEndpointError} `invalid_grant`, `token_request_failed`, `token_response_invalid`; see
 *   {@link readRefreshAnswer}
 * @throws {TokenValidationError} for a new ID Token; `subject_mismatch` for another person's
 * @throws {ProviderError} for outages, and `provider_refused_client`
 */
export async function refreshTokens(
  engine: Engine,
  request: RefreshRequest,
  idTokens: IdTokens,
  platform: Platform,
): Promise<RefreshedTokens> {
  const { openid, configuration } = engine
  const response = await requestTokens(engine, () =>
    openid.refreshTokenGrant(configuration, request.refreshToken, { ...request.parameters }),
  )
  const tokens = readTokens(response, request.scope, platform.now() / 1000, engine)
  const refreshed = {
    idToken: response[unjudgedIdToken],
    accessToken: tokens.accessToken,
    before: request.idTokenClaims,
  }
  const verdict = await judgeRefreshedIdToken(refreshed, idTokens, configuration.clientMetadata().client_id)
  return { ...tokens, refreshToken: tokens.refreshToken ?? request.refreshToken, ...verdict }
}
