import { quoted } from '../../base/error-cause.js'
import {
  type ClaimRule,
  type ClockContext,
  always,
  dateRule,
  namesAudience,
  optionDetails,
  pastRule,
  unexpiredRule,
} from '../../jose/claim-rules.js'
import { secretAlgorithm } from '../../options/common/algorithms.js'
import { tenantIn } from '../../options/common/tenants.js'
import { configuredIssuer } from '../../options/common/provider-description.js'
import type { ClientSettings, ProviderSettings } from '../types.js'

/** What the rules for a provider's tokens may use in addition to the claims. */
export interface RuleContext
  extends
    ClockContext,
    Pick<ProviderSettings, 'issuer' | 'issuerAliases' | 'tenants'>,
    Pick<ClientSettings, 'clientId' | 'idTokenSigningAlg' | 'idTokenAudiences'> {}

// A token for untrusted audiences may have passed through their hands (OpenID Connect Core section 3.1.3.7, step 3).
// With HMAC, anyone who knows the secret can sign, so a second audience could make tokens for the first.
function isAudience(aud: unknown, context: RuleContext): boolean {
  if (!Array.isArray(aud)) return aud === context.clientId
  if (!aud.includes(context.clientId)) return false
  if (aud.length > 1 && secretAlgorithm(context.idTokenSigningAlg) !== undefined) return false
  return aud.every((member) => isTrusted(member, context))
}

function isTrusted(member: unknown, { clientId, idTokenAudiences = [] }: RuleContext): boolean {
  if (typeof member !== 'string') return false
  return member === clientId || idTokenAudiences === 'any' || idTokenAudiences.includes(member)
}

function audienceRule(aud: unknown, { clientId, idTokenSigningAlg }: RuleContext): string {
  const names = `it names ${quoted(aud)}`
  if (!namesAudience(aud, clientId)) return `must name this client, ${quoted(clientId)}: ${names}`
  const alg = secretAlgorithm(idTokenSigningAlg)
  if (alg !== undefined) return `must name this client only, since ${alg} is used: ${names}`
  return `must name only this client and trusted audiences: ${names}; list trusted ones in "idTokenAudiences"`
}

/** The greatest tolerance where it decides what counts, and not only how well two clocks agree. */
const maxStrictTolerance = 60

/** The tolerance for `max_age` and for logout tokens: `clockToleranceSeconds`, but a minute at most. */
export function strictTolerance(clockToleranceSeconds: number): number {
  return Math.min(clockToleranceSeconds, maxStrictTolerance)
}

/** The rule for a date that may be missing. */
export function optionalDate(claim: string): ClaimRule<RuleContext> {
  return { claim, ...dateRule, isOptional: always }
}

function isIssuer(iss: unknown, context: RuleContext): boolean {
  if (context.tenants !== undefined) return tenantIn(iss, context.issuer) !== undefined
  return configuredIssuer(iss, context) === context.issuer
}

/** The token is from the issuer of this relying party, and for its client. */
export const relyingPartyRules = {
  issuer: {
    claim: 'iss',
    code: 'token_issuer_mismatch',
    must: (iss, { issuer }) => `must be the issuer, ${quoted(issuer)}: it is ${quoted(iss)}`,
    holds: (iss, c) => isIssuer(iss, c),
    details: optionDetails('issuer', ({ issuer }: RuleContext) => issuer),
  },
  audience: {
    claim: 'aud',
    code: 'token_audience_mismatch',
    must: audienceRule,
    holds: isAudience,
    details: optionDetails('clientId', ({ clientId }: RuleContext) => clientId),
  },
} as const satisfies Readonly<Record<string, ClaimRule<RuleContext>>>

/** `exp` and `iat` must be present and valid now, and so must `nbf` if present. */
export const timeRules: readonly ClaimRule<RuleContext>[] = [
  { claim: 'exp', ...dateRule },
  { claim: 'exp', ...unexpiredRule },
  { claim: 'iat', ...dateRule },
  { claim: 'iat', ...pastRule },
  { claim: 'nbf', ...pastRule, isOptional: always },
]
