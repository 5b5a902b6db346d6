import { TokenValidationError } from '../../errors.js'
import type { ClockContext } from '../../jose/claim-rules.js'
import type { Jws } from '../../jose/jws.js'
import type { TrustedIssuer } from '../issuers/trusted-issuer.js'
import type { SignedToken } from '../types.js'
import { checkTokenClaims } from './access-token-claims.js'
import { clientIdClaims } from '../../jose/client-claims.js'
import { isFilled } from './machine-claims.js'
import type { OpaqueValidation } from './opaque.js'
import { boundAsIn } from './verified-token.js'

/**
 * Introspects JWTs that only their issuer can complete: Keycloak's lightweight access tokens leave out `sub` and `aud`, and have
 * them in the introspection response.
 */
export interface LightweightTokens {
  /** The issuer that is asked: tokens of others are never introspected. */
  readonly issuer: string
  readonly introspect: OpaqueValidation
}

/**
 * Whether a JWT with a valid signature was rejected for a missing claim. {@link requireRest} checks the other claims: the
 * first check stopped at the missing one.
 */
export function isLightweight(
  error: unknown,
  { payload }: Jws,
  { issuer }: TrustedIssuer,
  lightweight: LightweightTokens | undefined,
): lightweight is LightweightTokens {
  if (lightweight?.issuer !== issuer || !(error instanceof TokenValidationError)) return false
  if (error.code === 'token_audience_mismatch') return payload['aud'] === undefined || payload['aud'] === null
  return error.code === 'token_claim_missing'
}

/**
 * Checks the claims that a lightweight JWT has: with an invalid one, such as another audience, it is not introspected.
 *
 * @throws {TokenValidationError}
 */
export function requireRest({ payload }: Jws, trusted: TrustedIssuer, clock: ClockContext): void {
  const { issuer, aliases, audience, clients } = trusted
  checkTokenClaims(payload, {
    ...clock,
    // As in introspection responses, no claim is required.
    source: 'introspection',
    issuer,
    aliases,
    audience: payload['aud'] === undefined || payload['aud'] === null ? null : audience,
    clients: clientIdClaims.some((name) => isFilled(payload[name])) ? clients : undefined,
  })
}

/**
 * Introspects such a token. It stays bound to the key that the JWT names, even if the response does not name it. The response is cached
 * as for opaque tokens, and the token is not.
 */
export async function introspectLightweight(
  token: string,
  { payload }: Jws,
  { introspect }: LightweightTokens,
  { keys }: TrustedIssuer,
): Promise<SignedToken> {
  const bound = boundAsIn(payload)
  return { token: bound(await introspect(token)), keys, generation: keys.generation, isIntrospected: true }
}
