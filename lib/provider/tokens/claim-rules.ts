import { quoted } from '../../base/error-cause.js'
import {
  type ClaimRule,
  type ClockContext,
  always,
  distanceTo,
  isDate,
  isPast,
  isUnexpired,
} from '../../jose/claim-rules.js'
import type { ClientSettings, ProviderSettings } from '../types.js'

/** What rules for the tokens of a provider may look at beside the claims. */
export interface RuleContext
  extends
    ClockContext,
    Pick<ProviderSettings, 'issuer'>,
    Pick<ClientSettings, 'clientId' | 'idTokenSigningAlg' | 'idTokenAudiences'> {}

// A token for audiences that nobody trusts here may have come by them (OpenID Connect Core section 3.1.3.7, step 3).
// Whoever knows the secret of HS256 can sign, so a second audience could make tokens for the first.
function isAudience(aud: unknown, context: RuleContext): boolean {
  if (!Array.isArray(aud)) return aud === context.clientId
  if (!aud.includes(context.clientId)) return false
  return (
    aud.every((member) => isTrusted(member, context)) && (aud.length === 1 || context.idTokenSigningAlg !== 'HS256')
  )
}

function isTrusted(member: unknown, { clientId, idTokenAudiences = [] }: RuleContext): boolean {
  if (typeof member !== 'string') return false
  return member === clientId || idTokenAudiences === 'any' || idTokenAudiences.includes(member)
}

function audienceRule(aud: unknown, { clientId, idTokenSigningAlg }: RuleContext): string {
  const names = `it names ${quoted(aud)}`
  if (aud !== clientId && !(Array.isArray(aud) && aud.includes(clientId))) {
    return `must name this client, ${quoted(clientId)}: ${names}`
  }
  if (idTokenSigningAlg === 'HS256') return `must name this client only, since HS256 is used: ${names}`
  return `must name only this client and trusted audiences: ${names}; list trusted ones in "idTokenAudiences"`
}

/** The token is from this issuer, and for this client. */
export const partyRules = {
  issuer: {
    claim: 'iss',
    code: 'token_issuer_mismatch',
    must: (iss, { issuer }) => `must be the issuer, ${quoted(issuer)}: it is ${quoted(iss)}`,
    holds: (iss, c) => iss === c.issuer,
  },
  audience: { claim: 'aud', code: 'token_audience_mismatch', must: audienceRule, holds: isAudience },
} as const satisfies Readonly<Record<string, ClaimRule<RuleContext>>>

/** `exp` and `iat` are there and hold now; so does `nbf` where there is one. */
export const timeRules: readonly ClaimRule<RuleContext>[] = [
  { claim: 'exp', code: 'token_claim_invalid', must: 'must be a date', holds: isDate },
  {
    claim: 'exp',
    code: 'token_expired',
    must: (exp, c) => `must not be in the past: ${distanceTo(exp, c)}`,
    holds: isUnexpired,
  },
  { claim: 'iat', code: 'token_claim_invalid', must: 'must be a date', holds: isDate },
  {
    claim: 'iat',
    code: 'token_not_yet_valid',
    must: (iat, c) => `must not be in the future: ${distanceTo(iat, c)}`,
    holds: isPast,
  },
  {
    claim: 'nbf',
    code: 'token_not_yet_valid',
    must: (nbf, c) => `must not be in the future: ${distanceTo(nbf, c)}`,
    isOptional: always,
    holds: isPast,
  },
]
