import type { TokenValidationErrorCode } from '../../error-codes.js'
import { TokenValidationError } from '../../errors.js'
import type { JsonObject } from '../../base/json.js'
import type { Profile } from './token-type.js'

/** What a token's claims are checked against. */
export interface ClaimExpectations {
  readonly issuer: string
  /** One of these must be in `aud`; `null` accepts any. */
  readonly audience: readonly string[] | null
  /** Seconds since the epoch. */
  readonly now: number
  readonly clockToleranceSeconds: number
}

/** Where claims come from: a JWT of one of the profiles, or an introspection response. */
export type ClaimSource = Profile | 'introspection'

interface ClaimRule {
  readonly claim: string
  readonly code: TokenValidationErrorCode
  /** Sources in which the claim may be missing. */
  readonly optionalIn: readonly ClaimSource[]
  readonly holds: (value: unknown, expected: ClaimExpectations) => boolean
  /** Whether `null` counts as missing, since some providers send it. A date must not be `null`. */
  readonly nullable?: true
}

// The last second of the year 9999. A later date is milliseconds mistaken for seconds, or an attack.
const lastDate = 253_402_300_799
const lenient: readonly ClaimSource[] = ['jwt', 'introspection']
const always: readonly ClaimSource[] = ['rfc9068', 'jwt', 'introspection']
const opaque: readonly ClaimSource[] = ['introspection']

const date = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= lastDate
const name = (value: unknown): boolean => typeof value === 'string' && value.length >= 1 && value.length <= 255
const past = (value: unknown, { now, clockToleranceSeconds }: ClaimExpectations): boolean =>
  date(value) && value <= now + clockToleranceSeconds

/** RFC 9068 sections 2.2 and 4, in this order; RFC 7662 section 2.2. `findSubject()` checks the subject. */
const rules: readonly ClaimRule[] = [
  { claim: 'iss', code: 'token_issuer_mismatch', optionalIn: opaque, holds: (iss, e) => iss === e.issuer },
  { claim: 'exp', code: 'token_claim_invalid', optionalIn: opaque, holds: date },
  {
    claim: 'exp',
    code: 'token_expired',
    optionalIn: opaque,
    holds: (exp, e) => date(exp) && exp + e.clockToleranceSeconds > e.now,
  },
  { claim: 'nbf', code: 'token_not_yet_valid', optionalIn: always, holds: past },
  { claim: 'iat', code: 'token_not_yet_valid', optionalIn: lenient, holds: past },
  { claim: 'client_id', code: 'token_claim_invalid', optionalIn: lenient, holds: name, nullable: true },
  { claim: 'jti', code: 'token_claim_invalid', optionalIn: lenient, holds: name, nullable: true },
]

/**
 * Checks the claims of an access token. A required claim that is missing is an error.
 *
 * @throws {TokenValidationError}
 */
export function checkTokenClaims(claims: Readonly<JsonObject>, source: ClaimSource, expected: ClaimExpectations): void {
  for (const { claim, code, optionalIn, holds, nullable } of rules) {
    const value = claims[claim]
    if (value === undefined || (value === null && nullable === true)) {
      if (!optionalIn.includes(source)) throw missing(claim, optionalIn)
    } else if (!holds(value, expected)) throw new TokenValidationError(code, `the token's ${claim} is wrong`)
  }
  checkAudience(claims['aud'], expected.audience)
}

function missing(claim: string, optionalIn: readonly ClaimSource[]): TokenValidationError {
  const hint = optionalIn.includes('jwt') ? ' (profile: "jwt" does not ask for it)' : ''
  return new TokenValidationError('token_claim_missing', `the token's ${claim} is missing${hint}`)
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
