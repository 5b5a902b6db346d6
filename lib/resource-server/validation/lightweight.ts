import { TokenValidationError } from '../../errors.js'
import type { Jws } from '../../jose/jws.js'
import type { TrustedIssuer } from '../issuers/trusted-issuer.js'
import type { SignedToken } from '../types.js'
import type { OpaqueValidation } from './opaque.js'

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
 * Whether a JWT with a valid signature was rejected only for what it lacks. A claim that is there and wrong, such as another
 * audience, or the type of another token, is never asked about.
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

/** Introspects such a token. The response is cached as for opaque tokens, and the token is not. */
export async function introspectLightweight(
  token: string,
  { introspect }: LightweightTokens,
  { keys }: TrustedIssuer,
): Promise<SignedToken> {
  return { token: await introspect(token), keys, generation: keys.generation, isIntrospected: true }
}
