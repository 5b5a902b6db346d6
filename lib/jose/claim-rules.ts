import { quoted, quotedDate, quotedName, seenValue } from '../base/error-cause.js'
import { isAhead } from '../base/age.js'
import type { JsonObject } from '../base/json.js'
import type { TokenValidationErrorCode } from '../error-codes.js'
import type { OidcErrorDetails } from '../error-details.js'
import { TokenValidationError } from '../errors.js'

/** What rules about dates need. */
export interface ClockContext {
  /** Seconds since the epoch. */
  readonly now: number
  readonly clockToleranceSeconds: number
}

/** One rule for one claim of a token. A table of these is all that a kind of token needs. */
export interface ClaimRule<Context> {
  readonly claim: string
  readonly code: TokenValidationErrorCode
  /** Completes "the token's <claim> …" in the message. @default 'is invalid' */
  readonly must?: string | ((value: unknown, context: Context) => string)
  readonly holds: (value: unknown, context: Context, claims: JsonObject) => boolean
  /** What an error's details say. @default the name of the claim, and whether it is missing */
  readonly details?: (value: unknown, context: Context) => OidcErrorDetails
  /** Whether the claim may be missing. @default false */
  readonly isOptional?: (context: Context, claims: JsonObject) => boolean
  /** Whether `null` counts as missing, since some providers send it. */
  readonly isNullable?: true
  /** What an error says of a missing claim. */
  readonly missingHint?: string
  /** Whether a missing claim is reported as an invalid one. */
  readonly isMissingInvalid?: true
}

/** For rules about claims that may be missing. */
export const always = (): boolean => true

// The last second of the year 9999 (RFC 3339). A later date is milliseconds mistaken for seconds, or an attack.
const lastDate = 253_402_300_799

/** Whether a claim is a date: seconds since the epoch. */
export function isDate(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= lastDate
}

/** Whether a claim is a date that has come, give or take the tolerance. */
export function isPast(date: unknown, { now, clockToleranceSeconds }: ClockContext): boolean {
  return isDate(date) && !isAhead(date, now, clockToleranceSeconds)
}

/** Whether a claim is a date that is still to come, give or take the tolerance. */
export function isUnexpired(date: unknown, { now, clockToleranceSeconds }: ClockContext): boolean {
  return isDate(date) && date + clockToleranceSeconds > now
}

/** Whether a claim is a date of at most this age, give or take the tolerance. */
export function isWithin(date: unknown, maxAgeSeconds: number, { now, clockToleranceSeconds }: ClockContext): boolean {
  return isDate(date) && date + maxAgeSeconds + clockToleranceSeconds > now
}

/** Whether `aud` names a client, alone or among others. */
export function namesAudience(aud: unknown, clientId: string): boolean {
  return aud === clientId || (Array.isArray(aud) && aud.includes(clientId))
}

/** How far a date is from this clock, for messages: it cannot be known which of two clocks is wrong, but by how much they differ. */
export function distanceTo(date: unknown, { now, clockToleranceSeconds }: ClockContext): string {
  if (!isDate(date)) return `it is ${quotedDate(date)}, which is not a date`
  const seconds = Math.round(date - now)
  const where = seconds > 0 ? `${seconds} seconds ahead of` : `${-seconds} seconds behind`
  return `it is ${where} this clock, and "clockToleranceSeconds" allows ${clockToleranceSeconds}`
}

/** Makes a check for a text of one character at least. */
export function isText(maxLength: number): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && value.length >= 1 && value.length <= maxLength
}

/**
 * Checks claims against rules, in their order. A missing claim is an error, unless a rule says that it is optional.
 *
 * @param token - such as "ID Token", for messages
 * @throws {TokenValidationError}
 */
export function requireClaims<Context>(
  token: string,
  rules: readonly ClaimRule<Context>[],
  claims: Readonly<JsonObject>,
  context: Context,
): void {
  for (const rule of rules) {
    const value = claims[rule.claim]
    const isMissing = value === undefined || (value === null && rule.isNullable === true)
    const isGood = isMissing ? rule.isOptional?.(context, claims) : rule.holds(value, context, claims)
    if (isGood === true) continue
    const { claim, code, must = 'is invalid' } = rule
    const details = { subject: claim, ...seenOf(isMissing), ...rule.details?.(value, context) }
    if (isMissing && rule.isMissingInvalid !== true) throw missing(token, rule, details)
    const message = typeof must === 'string' ? must : must(value, context)
    throw new TokenValidationError(code, `the ${token}'s ${claim} ${message}`, { details })
  }
}

function seenOf(isMissing: boolean): OidcErrorDetails {
  return isMissing ? { seen: 'missing' } : {}
}

/** Details of a date that does not fit this clock. */
export function dateDetails(date: unknown, { now }: ClockContext): OidcErrorDetails {
  if (!isDate(date)) return { seen: date === undefined ? 'missing' : 'not a date', expected: 'seconds since 1970' }
  return {
    seen: new Date(date * 1000).toISOString(),
    offBySeconds: Math.round(date - now),
    option: 'clockToleranceSeconds',
  }
}

/** Makes details of a claim that has to be that of an option. */
export function optionDetails<Context>(
  option: string,
  expected: (context: Context) => unknown,
): NonNullable<ClaimRule<Context>['details']> {
  return (value, context) => ({ seen: seenValue(value), expected: quoted(expected(context)), option })
}

function missing(
  token: string,
  { claim, missingHint }: Pick<ClaimRule<never>, 'claim' | 'missingHint'>,
  details: OidcErrorDetails,
): TokenValidationError {
  const hint = missingHint === undefined ? '' : ` (${missingHint})`
  return new TokenValidationError('token_claim_missing', `the ${token}'s ${claim} is missing${hint}`, { details })
}

/** The claim is a date: neither of another type, nor milliseconds. */
export const dateRule = {
  code: 'token_claim_invalid',
  must: (value: unknown) => `must be a date in seconds since 1970: it is ${quotedDate(value)}`,
  holds: isDate,
  details: dateDetails,
} as const

/** The claim is a date that has come. */
export const pastRule = {
  code: 'token_not_yet_valid',
  must: (date: unknown, clock: ClockContext) => `must not be in the future: ${distanceTo(date, clock)}`,
  holds: isPast,
  details: dateDetails,
} as const

/** The claim is a date that is still to come. */
export const unexpiredRule = {
  code: 'token_expired',
  must: (date: unknown, clock: ClockContext) => `must not be in the past: ${distanceTo(date, clock)}`,
  holds: isUnexpired,
  details: dateDetails,
} as const

/**
 * Refuses a token with another explicit type (RFC 8725 section 3.11).
 *
 * @param token - such as "ID Token", for the message
 * @throws {TokenValidationError} `token_type_refused`
 */
export function requireType(
  token: string,
  typ: string | undefined,
  { isType, expected }: { readonly isType: (typ: string | undefined) => boolean; readonly expected: string },
): void {
  if (isType(typ)) return
  const article = /^[aeiou]/i.test(token) ? 'an' : 'a'
  const message = `the token is not ${article} ${token}: its typ is ${seenValue(typ)}, not ${quoted(expected)}`
  const seen = typ === undefined ? 'missing' : quotedName(typ)
  throw new TokenValidationError('token_type_refused', message, {
    details: { subject: 'typ', seen, expected: quoted(expected) },
  })
}
