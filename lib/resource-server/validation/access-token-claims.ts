import { TokenValidationError } from '../../errors.js'
import type { JsonObject } from '../../base/json.js'
import {
  type ClaimRule,
  type ClockContext,
  always,
  isDate,
  isPast,
  isText,
  isUnexpired,
  requireClaims,
} from '../../jose/claim-rules.js'
import type { Profile } from './token-type.js'

/** Where claims come from: a JWT of one of the profiles, or an introspection response. */
export type ClaimSource = Profile | 'introspection'

/** What a token's claims are checked against. */
export interface ClaimExpectations extends ClockContext {
  readonly source: ClaimSource
  readonly issuer: string
  /** One of these must be in `aud`; `null` accepts any. */
  readonly audience: readonly string[] | null
}

const isOpaque = ({ source }: ClaimExpectations): boolean => source === 'introspection'
const isLenient = ({ source }: ClaimExpectations): boolean => source !== 'rfc9068'
const missingHint = 'profile: "jwt" does not ask for it'

/** RFC 9068 sections 2.2 and 4, in this order; RFC 7662 section 2.2. `findSubject()` checks the subject. */
const rules: readonly ClaimRule<ClaimExpectations>[] = [
  { claim: 'iss', code: 'token_issuer_mismatch', isOptional: isOpaque, holds: (iss, e) => iss === e.issuer },
  { claim: 'exp', code: 'token_claim_invalid', isOptional: isOpaque, holds: isDate },
  { claim: 'exp', code: 'token_expired', isOptional: isOpaque, holds: isUnexpired },
  { claim: 'nbf', code: 'token_not_yet_valid', isOptional: always, holds: isPast },
  { claim: 'iat', code: 'token_not_yet_valid', isOptional: isLenient, missingHint, holds: isPast },
  {
    claim: 'client_id',
    code: 'token_claim_invalid',
    isOptional: isLenient,
    isNullable: true,
    missingHint,
    holds: isText(255),
  },
  {
    claim: 'jti',
    code: 'token_claim_invalid',
    isOptional: isLenient,
    isNullable: true,
    missingHint,
    holds: isText(255),
  },
]

/**
 * Checks the claims of an access token. A required claim that is missing is an error.
 *
 * @throws {TokenValidationError}
 */
export function checkTokenClaims(claims: Readonly<JsonObject>, expected: ClaimExpectations): void {
  requireClaims('token', rules, claims, expected)
  checkAudience(claims['aud'], expected.audience)
}

function checkAudience(aud: unknown, audience: readonly string[] | null): void {
  if (typeof aud === 'string' && audience?.includes(aud) === true) return
  const named: readonly unknown[] = Array.isArray(aud) ? aud : aud === undefined || aud === null ? [] : [aud]
  if (!named.every((member) => typeof member === 'string')) {
    throw new TokenValidationError('token_claim_invalid', "the token's aud is wrong")
  }
  if (audience === null || audience.some((member) => named.includes(member))) return
  const message =
    named.length === 0
      ? "the token's aud is missing (audience: null takes tokens that name none)"
      : 'the token is for another audience'
  throw new TokenValidationError('token_audience_mismatch', message)
}
