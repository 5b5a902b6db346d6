import type { TokenValidationErrorCode } from '../errors.js'
import { TokenValidationError } from '../errors.js'
import type { JsonObject } from '../seal/json.js'
import type { ClientSettings, ProviderSettings } from './types.js'

/** What every rule may look at beside the claims. */
export interface RuleContext
  extends
    Pick<ProviderSettings, 'issuer' | 'clockToleranceSeconds'>,
    Pick<ClientSettings, 'clientId' | 'idTokenSigningAlg'> {
  /** Seconds since the epoch. */
  readonly now: number
}

/** One rule for one claim of a token. */
export interface ClaimRule<Context extends RuleContext = RuleContext> {
  readonly claim: string
  readonly code: TokenValidationErrorCode
  /** Completes "the ID Token's <claim> …". */
  readonly must: string
  readonly isOptional?: (context: Context, claims: JsonObject) => boolean
  readonly holds: (value: unknown, context: Context, claims: JsonObject) => boolean
}

/** For rules about claims that may be missing. */
export const always = (): boolean => true

// The last second of the year 9999 (RFC 3339): beyond it, milliseconds were taken for seconds, or it is an attack.
const lastDate = 253_402_300_799

/** Whether a claim is a date: seconds since the epoch. */
export function isDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= lastDate
}

/** Whether a claim is a date that has come, give or take the tolerance. */
export function isPast(date: unknown, { now, clockToleranceSeconds }: RuleContext): boolean {
  return isDate(date) && date <= now + clockToleranceSeconds
}

// Whoever knows the secret of HS256 can sign, so a second audience could make tokens for the first.
function isAudience(aud: unknown, { clientId, idTokenSigningAlg }: RuleContext): boolean {
  if (!Array.isArray(aud)) return aud === clientId
  const fits = aud.every((member) => typeof member === 'string') && aud.includes(clientId)
  return fits && (aud.length === 1 || idTokenSigningAlg !== 'HS256')
}

/** The token is from this issuer, and for this client. */
export const partyRules = {
  issuer: {
    claim: 'iss',
    code: 'token_issuer_mismatch',
    must: 'must be the issuer',
    holds: (iss, c) => iss === c.issuer,
  },
  audience: { claim: 'aud', code: 'token_audience_mismatch', must: 'must name this client', holds: isAudience },
} as const satisfies Readonly<Record<string, ClaimRule>>

/** `exp` and `iat` are there and hold now; so does `nbf` where there is one. */
export const timeRules: readonly ClaimRule[] = [
  { claim: 'exp', code: 'token_claim_invalid', must: 'must be a date', holds: isDate },
  {
    claim: 'exp',
    code: 'token_expired',
    must: 'must not be past',
    holds: (exp, c) => isDate(exp) && exp + c.clockToleranceSeconds > c.now,
  },
  { claim: 'iat', code: 'token_claim_invalid', must: 'must be a date', holds: isDate },
  { claim: 'iat', code: 'token_not_yet_valid', must: 'must not be in the future', holds: isPast },
  { claim: 'nbf', code: 'token_not_yet_valid', must: 'must be past', isOptional: always, holds: isPast },
]

/**
 * Holds claims against rules, in their order. Missing is a failure, unless a rule says that the claim is optional.
 *
 * @param token - such as "ID Token", for messages
 * @throws {TokenValidationError}
 */
export function requireClaims<Context extends RuleContext>(
  token: string,
  rules: readonly ClaimRule<Context>[],
  claims: Readonly<JsonObject>,
  context: Context,
): void {
  for (const { claim, code, must, isOptional, holds } of rules) {
    const value = claims[claim]
    if (value === undefined ? isOptional?.(context, claims) : holds(value, context, claims)) continue
    // A missing nonce is a wrong one: a token of another login has none either.
    const missing = value === undefined && claim !== 'nonce'
    throw new TokenValidationError(missing ? 'token_claim_missing' : code, `the ${token}'s ${claim} ${must}`)
  }
}
