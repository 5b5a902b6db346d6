import { TokenValidationError } from '../errors.js'
import type { Platform } from '../options/platform.js'
import type { Engine } from './engine.js'
import type { IdTokens } from './id-token.js'
import { requestTokens } from './token-request.js'
import { readTokens } from './token-response.js'
import type { IdTokenClaims, RefreshedTokens, RefreshRequest } from './types.js'

/**
 * Refreshes tokens, once. A new ID Token is validated wholly, and must be about the same login
 * (OpenID Connect Core section 12.2); otherwise the whole response is thrown away.
 *
 * @throws {TokenEndpointError} `invalid_grant`, `token_request_failed`, `token_response_invalid`
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
  const kept = { ...tokens, refreshToken: tokens.refreshToken ?? request.refreshToken }
  const idToken = response.id_token
  if (idToken === undefined) return kept
  const idTokenClaims = await idTokens.validate(idToken, { accessToken: tokens.accessToken })
  requireSameLogin(idTokenClaims, request.idTokenClaims)
  // Logouts name the session by its sid: with a token that has lost it, none would reach this one any more.
  if (request.idTokenClaims['sid'] !== undefined && idTokenClaims['sid'] === undefined) return kept
  return { ...kept, idToken, idTokenClaims }
}

function requireSameLogin(next: IdTokenClaims, before: IdTokenClaims): void {
  if (next.sub !== before.sub || next.iss !== before.iss) {
    throw new TokenValidationError('subject_mismatch', 'the refreshed ID Token is about another person')
  }
  const changed = ['nonce', 'auth_time'].find((name) => next[name] !== undefined && next[name] !== before[name])
  if (changed !== undefined) {
    throw new TokenValidationError('token_claim_invalid', `the refreshed ID Token has another ${changed}`)
  }
}
