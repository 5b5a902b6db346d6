import type { OidcErrorCode } from '../../error-codes.js'
import { ProviderError, TokenValidationError } from '../../errors.js'
import type { JsonObject } from '../../base/json.js'
import { configuredIssuer } from '../../options/common/provider-description.js'
import { quoted, seenValue } from '../../base/error-cause.js'
import type { IdTokenParties, IdTokenValidator } from './id-token.js'
import { namesAudience } from '../../jose/claim-rules.js'
import { decodeJws } from '../../jose/jws.js'
import type { IdTokenClaims } from '../../jose/id-token-claims.js'

/** The ID Token of a refresh, and what it is checked against. */
export interface RefreshedIdToken {
  readonly idToken: unknown
  /** The access token issued with it. */
  readonly accessToken: string | undefined
  /** Claims of the session's ID Token. */
  readonly before: IdTokenClaims
}

/** The result of the check. Without `idToken`, the session keeps its previous one. */
export interface IdTokenVerdict {
  readonly idToken?: string
  readonly idTokenClaims?: IdTokenClaims
  /** Why it was rejected. */
  readonly idTokenFlaw?: OidcErrorCode
  /** Set if the issuer's keys could not be fetched: validate it later. */
  readonly unverifiedIdToken?: string
}

// Errors about subject, issuer, audience or signature: the whole response may belong to another login.
const fatal: ReadonlySet<OidcErrorCode> = new Set([
  'subject_mismatch',
  'token_issuer_mismatch',
  'token_audience_mismatch',
  'token_malformed',
  'token_algorithm_refused',
  'token_key_not_found',
  'token_signature_invalid',
  'token_decryption_failed',
  'token_not_encrypted',
])

/**
 * Checks the ID Token of a refresh (OpenID Connect Core section 12.2). Its signature must be valid, and `iss`, `sub`
 * and `aud` must be those of the login. Any other flaw only means that the session keeps its previous ID Token: some
 * providers set `auth_time` to the latest login anywhere, do not update `at_hash`, or send the old token again.
 *
 * @throws {TokenValidationError} if it is about another login, or not from the issuer
 * @throws {AuthorizationResponseError} `access_denied` if its tenant is no longer accepted
 */
export async function checkRefreshedIdToken(
  { idToken, accessToken, before }: RefreshedIdToken,
  idTokens: IdTokenValidator,
): Promise<IdTokenVerdict> {
  if (idToken === undefined || idToken === null || idToken === '') return {}
  if (typeof idToken !== 'string') return { idTokenFlaw: 'token_malformed' }
  requireSameParties(decodeJws(idToken).payload, before, idTokens.parties)
  try {
    const idTokenClaims = await idTokens.validate(idToken, { accessToken })
    const idTokenFlaw = findFlaw(idTokenClaims, before)
    return idTokenFlaw === undefined ? { idToken, idTokenClaims } : { idTokenFlaw }
  } catch (error) {
    if (error instanceof ProviderError) return { unverifiedIdToken: idToken, idTokenFlaw: error.code }
    if (error instanceof TokenValidationError && !fatal.has(error.code)) return { idTokenFlaw: error.code }
    throw error
  }
}

function requireSameParties(
  { iss, sub, aud }: Readonly<JsonObject>,
  before: IdTokenClaims,
  { clientId, ...names }: IdTokenParties,
): void {
  if (configuredIssuer(iss, names) !== configuredIssuer(before.iss, names)) {
    throw new TokenValidationError(
      'token_issuer_mismatch',
      `the refreshed ID Token is from another issuer: its iss is ${quoted(iss)}, that of the login was ${quoted(before.iss)}`,
      { details: { subject: 'iss', seen: seenValue(iss), expected: quoted(before.iss) } },
    )
  }
  if (sub !== before.sub) {
    throw new TokenValidationError('subject_mismatch', 'the refreshed ID Token is about another person', {
      details: { subject: 'sub', seen: sub === undefined ? 'missing' : 'another value' },
    })
  }
  if (!namesAudience(aud, clientId)) {
    throw new TokenValidationError(
      'token_audience_mismatch',
      `the refreshed ID Token is for another client: its aud is ${quoted(aud)}, not ${quoted(clientId)}`,
      { details: { subject: 'aud', seen: seenValue(aud), expected: quoted(clientId), option: 'clientId' } },
    )
  }
}

function findFlaw(next: IdTokenClaims, before: IdTokenClaims): OidcErrorCode | undefined {
  const isChanged = (name: string): boolean => next[name] !== undefined && next[name] !== before[name]
  if (isChanged('nonce')) return 'token_nonce_mismatch'
  if (isChanged('auth_time')) return 'token_claim_invalid'
  // Logouts refer to the session by its sid: without it, they could no longer end this session.
  return before['sid'] !== undefined && next['sid'] === undefined ? 'token_claim_missing' : undefined
}
