import { omitUndefined } from '../../base/json.js'
import { quoted } from '../../base/error-cause.js'
import { TokenValidationError } from '../../errors.js'
import {
  always,
  type ClaimRule,
  type ClockContext,
  dateDetails,
  dateRule,
  isDate,
  isText,
  isWithin,
  optionDetails,
  pastRule,
  requireClaims,
  requireType,
} from '../../jose/claim-rules.js'
import type { Jws } from '../../jose/jws.js'
import { describingFailures } from '../../jose/token-details.js'
import type { SubjectIdentifier } from '../../options/signals/events.js'
import type { Keys } from '../../provider/keys.js'
import { createSignatureVerifier, requireRegisteredAlgorithm } from '../../provider/tokens/signature.js'
import type { Runtime } from '../../base/runtime.js'
import { isAboutStream } from './event-types.js'
import { type Profile, profiles, type RawEvent } from './profiles.js'
import { requireSubjectIdentifier } from './subject-identifiers.js'

/** One event of a valid token. */
export interface TokenEvent extends Omit<RawEvent, 'subject' | 'occurredAt'> {
  readonly subject?: SubjectIdentifier
  /** Seconds since the epoch. */
  readonly occurredAt: number
}

/** A validated security event token. */
export interface SecurityEventToken {
  readonly jti: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
  readonly transaction?: string
  readonly events: readonly TokenEvent[]
}

/** What the tokens of one transmitter must be. */
export interface TokenRules {
  readonly issuer: string
  readonly audience: readonly string[]
  readonly algorithms: readonly string[]
  readonly profile: keyof typeof profiles
  readonly maxAgeSeconds: number
  readonly clockToleranceSeconds: number
  readonly runtime: Runtime
}

interface Context extends ClockContext, Pick<TokenRules, 'issuer' | 'audience' | 'maxAgeSeconds'> {
  readonly profile: Profile
}

const token = 'security event token'

/**
 * Makes the validator of a transmitter's tokens: type, signature, issuer, audience, age and events, but not whether its `jti` has come
 * before.
 *
 * It throws {@link TokenValidationError}, and {@link ProviderError} when keys cannot be fetched.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8417#section-2.2
 * @see https://openid.net/specs/openid-sharedsignals-framework-1_0.html#name-set-profile
 */
export function createTokenValidator(rules: TokenRules, keys: Keys): (jws: Jws) => Promise<SecurityEventToken> {
  const { runtime, algorithms, issuer, audience, maxAgeSeconds, clockToleranceSeconds } = rules
  const profile = profiles[rules.profile]
  const signature = { token, algorithms, option: 'algorithms', clientSecret: undefined, from: 'anyone' } as const
  const verifySignature = createSignatureVerifier(signature, keys)
  return async (jws) => {
    // Anyone can post anything here, so the cheap checks come before keys and signatures.
    requireRegisteredAlgorithm(jws.header, signature)
    requireType(token, jws.header.typ, { isType: profile.isType, expected: 'secevent+jwt' })
    const requireAll = (): void => {
      const now = runtime.now() / 1000
      requireClaims(token, claimRules, jws.payload, {
        now,
        issuer,
        audience,
        maxAgeSeconds,
        clockToleranceSeconds,
        profile,
      })
      for (const claim of profile.refused) requireAbsent(claim, jws)
    }
    return describingFailures(jws, async () => {
      await verifySignature(jws, requireAll)
      requireAll()
      return readToken(jws, profile)
    })
  }
}

function requireAbsent(claim: string, { payload }: Jws): void {
  if (payload[claim] === undefined) return
  const message = `the ${token} has the claim ${claim}, which no such token has: it would be taken for another kind of token`
  throw new TokenValidationError('token_type_refused', message, { details: { subject: claim } })
}

const isAudience = (aud: unknown, { audience }: Context): boolean =>
  (Array.isArray(aud) ? aud : [aud]).some((member) => typeof member === 'string' && audience.includes(member))

const claimRules: readonly ClaimRule<Context>[] = [
  {
    claim: 'iss',
    code: 'token_issuer_mismatch',
    must: (iss, { issuer }) => `must be the transmitter, ${quoted(issuer)}: it is ${quoted(iss)}`,
    holds: (iss, { issuer }) => iss === issuer,
    details: optionDetails('issuer', ({ issuer }) => issuer),
    isMissingInvalid: true,
  },
  {
    claim: 'aud',
    code: 'token_audience_mismatch',
    must: (aud, { audience }) => `must name this receiver, ${quoted(audience)}: it names ${quoted(aud)}`,
    holds: isAudience,
    details: optionDetails('audience', ({ audience }) => audience),
    isMissingInvalid: true,
  },
  { claim: 'iat', ...dateRule },
  { claim: 'iat', ...pastRule },
  {
    claim: 'iat',
    code: 'token_expired',
    must: (_iat, { maxAgeSeconds }) => `must be within the last ${maxAgeSeconds} seconds ("maxAgeSeconds")`,
    holds: (iat, context) => isWithin(iat, context.maxAgeSeconds, context),
    details: dateDetails,
  },
  { claim: 'jti', code: 'token_claim_invalid', must: 'must be 1 to 255 characters', holds: isText(255) },
  {
    claim: 'txn',
    code: 'token_claim_invalid',
    must: 'must be 1 to 255 characters',
    isOptional: always,
    holds: isText(255),
  },
  {
    claim: 'events',
    code: 'token_claim_invalid',
    must: 'must hold at least one event, and objects only',
    holds: (_events, { profile }, claims) => profile.eventsOf(claims) !== undefined,
  },
]

function readToken({ payload }: Jws, profile: Profile): SecurityEventToken {
  const { jti, iat, txn } = payload
  if (typeof jti !== 'string' || !isDate(iat)) {
    throw new TokenValidationError('token_claim_invalid', `the ${token} lacks a claim`)
  }
  const events = profile.eventsOf(payload) ?? []
  return {
    jti,
    issuedAt: iat,
    ...omitUndefined({ transaction: typeof txn === 'string' ? txn : undefined }),
    events: events.map((event) => checkedEvent(event, iat)),
  }
}

// An event cannot have happened after its token was issued.
function checkedEvent({ type, claims, subject, occurredAt = Infinity }: RawEvent, issuedAt: number): TokenEvent {
  const event = { type, claims, occurredAt: Math.min(occurredAt, issuedAt) }
  if (subject !== undefined) return { ...event, subject: requireSubjectIdentifier(subject) }
  if (isAboutStream(type)) return event
  const message = `the ${token} has no sub_id, so it is about nobody`
  throw new TokenValidationError('token_claim_missing', message, { details: { subject: 'sub_id', seen: 'missing' } })
}
