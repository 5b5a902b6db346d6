import type { OidcErrorCode } from '../../error-codes.js'
import { ProviderError, TokenValidationError } from '../../errors.js'
import type { JsonObject } from '../../base/json.js'
import { quoted } from '../../base/error-cause.js'
import type { IdTokenValidator } from './id-token.js'
import { decodeJws } from '../../jose/jws.js'
import type { IdTokenClaims } from '../../jose/id-token-claims.js'

/** The ID Token of a refresh, and what it must fit. */
export interface RefreshedIdToken {
  readonly idToken: unknown
  /** The access token beside it. */
  readonly accessToken: string | undefined
  /** Claims of the session's ID Token. */
  readonly before: IdTokenClaims
}

/** What an ID Token of a refresh is good for; without `idToken`, the session's own one stays. */
export interface IdTokenVerdict {
  readonly idToken?: string
  readonly idTokenClaims?: IdTokenClaims
  /** Why it was not taken. */
  readonly idTokenFlaw?: OidcErrorCode
  /** To be judged later: its issuer's keys could not be asked for. */
  readonly unverifiedIdToken?: string
}

// Who it is about, who made it and whom for: what is wrong here speaks of another login, and all that came with it.
const fatal: ReadonlySet<OidcErrorCode> = new Set([
  'subject_mismatch',
  'token_issuer_mismatch',
  'token_audience_mismatch',
  'token_malformed',
  'token_algorithm_refused',
  'token_key_not_found',
  'token_signature_invalid',
])

/**
 * Judges the ID Token of a refresh (OpenID Connect Core section 12.2). It must have the signature, the `iss`, the `sub` and
 * the `aud` of the login. Any other flaw only keeps it from taking the place of the one that is there: providers fill
 * `auth_time` with the latest login anywhere, keep `at_hash`, or serve the old token again.
 *
 * @throws {TokenValidationError} for what is about another login, or not from the issuer
 */
export async function judgeRefreshedIdToken(
  { idToken, accessToken, before }: RefreshedIdToken,
  idTokens: IdTokenValidator,
  clientId: string,
): Promise<IdTokenVerdict> {
  if (idToken === undefined || idToken === null || idToken === '') return {}
  if (typeof idToken !== 'string') return { idTokenFlaw: 'token_malformed' }
  requireSameParties(decodeJws(idToken).payload, before, clientId)
  try {
    const idTokenClaims = await idTokens.validate(idToken, { accessToken })
    const idTokenFlaw = flawIn(idTokenClaims, before)
    return idTokenFlaw === undefined ? { idToken, idTokenClaims } : { idTokenFlaw }
  } catch (error) {
    if (error instanceof ProviderError) return { unverifiedIdToken: idToken, idTokenFlaw: error.code }
    if (error instanceof TokenValidationError && !fatal.has(error.code)) return { idTokenFlaw: error.code }
    throw error
  }
}

function requireSameParties({ iss, sub, aud }: Readonly<JsonObject>, before: IdTokenClaims, clientId: string): void {
  if (iss !== before.iss) {
    throw new TokenValidationError(
      'token_issuer_mismatch',
      `the refreshed ID Token is from another issuer: its iss is ${quoted(iss)}, that of the login was ${quoted(before.iss)}`,
    )
  }
  if (sub !== before.sub) {
    throw new TokenValidationError('subject_mismatch', 'the refreshed ID Token is about another person')
  }
  if (aud !== clientId && !(Array.isArray(aud) && aud.includes(clientId))) {
    throw new TokenValidationError(
      'token_audience_mismatch',
      `the refreshed ID Token is for another client: its aud is ${quoted(aud)}, not ${quoted(clientId)}`,
    )
  }
}

function flawIn(next: IdTokenClaims, before: IdTokenClaims): OidcErrorCode | undefined {
  const isChanged = (name: string): boolean => next[name] !== undefined && next[name] !== before[name]
  if (isChanged('nonce')) return 'token_nonce_mismatch'
  if (isChanged('auth_time')) return 'token_claim_invalid'
  // Logouts name the session by its sid: with a token that has lost it, none would reach this one any more.
  return before['sid'] !== undefined && next['sid'] === undefined ? 'token_claim_missing' : undefined
}
