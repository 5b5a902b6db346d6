import { type JsonObject, omitUndefined } from '../../base/json.js'
import { leftHalfHash } from '../../jose/algorithms.js'
import { signJws } from '../../jose/signing-key.js'
import type { Grant, ProviderKey, ProviderState } from './state.js'

// Idle refresh tokens of real providers live for days.
const refreshTokenSeconds = 30 * 86_400
const idTokenSeconds = 300

/** Signs claims with the provider's key, or with another one that goes by its name. */
export function sign(state: ProviderState, typ: string, claims: JsonObject, key: ProviderKey = state.key): string {
  return signJws(key, { typ, kid: state.key.kid }, claims)
}

/** The claims of an access token for a grant (RFC 9068 section 2.2). */
export function accessTokenClaims({ configuration, clock }: ProviderState, grant: Grant): JsonObject {
  const { person, clientId, scope, audience, authTime, acr, jkt, authorizationDetails } = grant
  const [first = configuration.audience, ...others] = audience
  return omitUndefined({
    iss: configuration.issuer,
    sub: person?.sub ?? clientId,
    aud: others.length === 0 ? first : [first, ...others],
    client_id: clientId,
    scope: scope === '' ? undefined : scope,
    authorization_details: authorizationDetails,
    iat: clock.seconds,
    exp: clock.seconds + configuration.accessTokenSeconds,
    jti: clock.newName(),
    auth_time: authTime,
    acr,
    cnf: jkt === undefined ? undefined : { jkt },
  })
}

/** Issues an access token, as JWT or opaque. */
export function issueAccessToken(state: ProviderState, grant: Grant, claims = accessTokenClaims(state, grant)): string {
  const isOpaque = state.configuration.tokenFormat === 'opaque'
  const token = isOpaque ? state.clock.newName() : sign(state, 'at+jwt', claims)
  const { exp } = claims
  state.tokens.set(token, { kind: 'access', grant, claims, expiresAt: typeof exp === 'number' ? exp : 0 })
  return token
}

/** Issues a refresh token, which is good for one use. */
export function issueRefreshToken(state: ProviderState, grant: Grant): string {
  const token = state.clock.newName()
  const expiresAt = state.clock.seconds + refreshTokenSeconds
  const claims = { ...accessTokenClaims(state, grant), exp: expiresAt }
  state.tokens.set(token, { kind: 'refresh', grant, claims, expiresAt })
  return token
}

/** Signs an ID Token (OpenID Connect Core section 2); undefined if nobody has signed in. */
export function issueIdToken(state: ProviderState, grant: Grant, accessToken?: string): string | undefined {
  const isIssued = grant.person !== undefined && grant.scope.split(' ').includes('openid')
  return isIssued ? sign(state, 'JWT', idTokenClaims(state, grant, accessToken)) : undefined
}

/** The claims of an ID Token for a grant (OpenID Connect Core section 2). */
export function idTokenClaims({ configuration, clock }: ProviderState, grant: Grant, accessToken?: string): JsonObject {
  const { person, clientId, nonce, authTime, acr, sid } = grant
  return omitUndefined({
    ...person?.claims,
    iss: configuration.issuer,
    aud: clientId,
    iat: clock.seconds,
    exp: clock.seconds + idTokenSeconds,
    auth_time: authTime,
    at_hash: accessToken === undefined ? undefined : leftHalfHash('RS256', accessToken),
    ...omitUndefined({ sid, nonce, acr }),
  })
}

/** Signs a logout token (OpenID Connect Back-Channel Logout section 2.4). */
export function issueLogoutToken(
  state: ProviderState,
  { clientId, sub, sid }: { readonly clientId: string; readonly sub: string; readonly sid?: string | undefined },
): string {
  const { configuration, clock } = state
  const claims = {
    iss: configuration.issuer,
    aud: clientId,
    sub,
    sid,
    iat: clock.seconds,
    exp: clock.seconds + 120,
    jti: clock.newName(),
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  }
  return sign(state, 'logout+jwt', omitUndefined(claims))
}

/** Forgets all refresh tokens of a person, or of everybody. */
export function revokeRefreshTokens({ tokens }: ProviderState, sub: string | undefined): void {
  for (const [token, { kind, grant }] of tokens) {
    if (kind !== 'refresh' || (sub !== undefined && grant.person?.sub !== sub)) continue
    tokens.delete(token)
  }
}
