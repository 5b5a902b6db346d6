import type { OidcErrorDetails } from '../../error-details.js'
import { AuthorizationResponseError, TokenValidationError } from '../../errors.js'
import type { IssuerNames } from '../../options/common/provider-description.js'
import { quoted } from '../../base/error-cause.js'
import { equalSecrets } from '../../base/constant-time.js'
import { bareClaims } from '../../base/json.js'
import { leftHalfHash } from '../../jose/algorithms.js'
import {
  type ClaimRule,
  type ClockContext,
  always,
  isDate,
  isText,
  optionDetails,
  requireClaims,
  requireType,
} from '../../jose/claim-rules.js'
import { type Jws, type JwsHeader, decodeJws } from '../../jose/jws.js'
import { describingFailures } from '../../jose/token-details.js'
import type { TokenOrigin } from '../key-lookup.js'
import type { Keys } from '../keys.js'
import { type RuleContext, optionalDate, relyingPartyRules, strictTolerance, timeRules } from './claim-rules.js'
import { createClientDecryption } from './decryption.js'
import { requireTenant, tenantKeyRule, tenantRule } from './tenants.js'
import { createSignatureVerifier } from './signature.js'
import type { ClientSettings, ProviderSettings } from '../types.js'
import { type IdTokenClaims, isIdTokenClaims } from '../../jose/id-token-claims.js'

/** What an ID Token is checked against, apart from issuer and audience. */
export interface IdTokenExpectations {
  /** Must be given, unless the token comes from a refresh. */
  readonly nonce?: string | undefined
  /** The access token issued with it, for `at_hash`. */
  readonly accessToken?: string | undefined
  /** The code it was exchanged for, for `c_hash`. */
  readonly code?: string | undefined
  /** Maximum time since the person authenticated, in seconds. */
  readonly maxAge?: number | undefined
  /** `acr` must be one of these. */
  readonly acrValues?: readonly string[] | undefined
  /** Whether `exp` may be past, since the session goes on after it. */
  readonly isExpiryIgnored?: boolean
  /** Who has brought it: keys are fetched less often for what anyone may send. @default 'provider' */
  readonly from?: TokenOrigin
}

/** Who issues ID Tokens, and for whom. */
export interface IdTokenParties extends IssuerNames {
  readonly clientId: string
}

/** Validates ID Tokens. */
export interface IdTokenValidator {
  readonly parties: IdTokenParties
  /**
   * Returns the signed ID Token, which is inside the encrypted one if encryption was agreed.
   *
   * @throws {TokenValidationError} `token_decryption_failed`, `token_not_encrypted`, `token_malformed`
   */
  decrypt(idToken: string): Promise<string>
  /**
   * Validates an ID Token completely (OpenID Connect Core section 3.1.3.7).
   *
   * @throws {TokenValidationError}
   * @throws {AuthorizationResponseError} `authentication_too_weak` for `max_age` and `acr`, `access_denied` for the tenant
   * @throws {ProviderError} when keys have to be fetched and cannot be
   */
  validate(idToken: string, expected: IdTokenExpectations): Promise<IdTokenClaims>
}

/** Issuer and client, and how ID Tokens are signed and encrypted. */
type IdTokenSettings = Pick<
  ProviderSettings,
  'issuer' | 'issuerAliases' | 'tenants' | 'runtime' | 'clockToleranceSeconds' | 'httpTimeoutSeconds'
> &
  Pick<ClientSettings, 'clientId' | 'clientSecret' | 'idTokenSigningAlg' | 'idTokenAudiences'> &
  Pick<ClientSettings, 'decryptionKeys' | 'encryptedResponses'>

/**
 * Creates the validator of ID Tokens.
 *
 * @throws {ConfigurationError} `invalid_options` for HS256, HS384 or HS512 without a long enough secret
 */
export function createIdTokenValidator(settings: IdTokenSettings, keys: Keys): IdTokenValidator {
  const { clientSecret, idTokenSigningAlg: algorithms, runtime } = settings
  const signature = {
    token: 'ID Token',
    algorithms,
    option: 'idTokenSigningAlg',
    clientSecret,
    isKeyOf: tenantKeyRule(settings),
  } as const
  const verifierFor = (from: TokenOrigin) => createSignatureVerifier({ ...signature, from }, keys)
  const verifiers = { provider: verifierFor('provider'), anyone: verifierFor('anyone') }
  return {
    decrypt: createClientDecryption(settings, { token: 'ID Token', response: 'id_token' }),
    parties: settings,
    async validate(idToken, { from = 'provider', ...expected }) {
      const jws = decodeJws(idToken)
      const claimsAt = (now: number) => checkClaims(jws, { ...settings, ...expected, now })
      return describingFailures(jws, async () => {
        await verifiers[from](jws, from === 'anyone' ? () => claimsAt(runtime.now() / 1000) : undefined)
        requireType('ID Token', jws.header.typ, idTokenType)
        const now = runtime.now() / 1000
        const claims = claimsAt(now)
        await requireTenant(settings, claims)
        checkStrength(claims, expected, { ...settings, now })
        return claims
      })
    },
  }
}

// Other tokens of the same issuer (logout tokens, access tokens, DPoP proofs) have a different typ (RFC 8725 section
// 3.11).
const idTokenType = {
  isType: (typ: string | undefined) => typ === undefined || /^(application\/)?jwt$/i.test(typ),
  expected: 'JWT',
}

interface ClaimContext extends RuleContext, IdTokenExpectations {}

const rules: readonly ClaimRule<ClaimContext>[] = [
  { claim: 'events', code: 'token_type_refused', must: 'must be absent', isOptional: always, holds: () => false },
  relyingPartyRules.issuer,
  tenantRule,
  relyingPartyRules.audience,
  {
    claim: 'azp',
    code: 'token_audience_mismatch',
    must: (azp, { clientId }) => `must be this client, ${quoted(clientId)}: it is ${quoted(azp)}`,
    isOptional: (_context, { aud }) => !Array.isArray(aud) || aud.length === 1,
    holds: (azp, c) => azp === c.clientId,
    details: optionDetails('clientId', ({ clientId }) => clientId),
  },
  ...timeRules.map(unlessIgnored),
  {
    claim: 'nonce',
    code: 'token_nonce_mismatch',
    // A token of another login may have none.
    isMissingInvalid: true,
    must: nonceRule,
    isOptional: (c) => c.nonce === undefined,
    holds: (nonce, c) => c.nonce === undefined || isSame(nonce, c.nonce),
  },
  {
    claim: 'sub',
    code: 'token_claim_invalid',
    must: (sub) => `must be 1 to 255 characters${typeof sub === 'string' ? '' : `: it is of type ${typeof sub}`}`,
    holds: isText(255),
  },
  optionalDate('auth_time'),
]

function unlessIgnored(rule: ClaimRule<RuleContext>): ClaimRule<ClaimContext> {
  if (rule.code !== 'token_expired') return rule
  return { ...rule, holds: (exp, c, claims) => c.isExpiryIgnored === true || rule.holds(exp, c, claims) }
}

// The values are not shown: who reads the log could use that of a login under way.
function nonceRule(nonce: unknown): string {
  if (nonce !== undefined) return 'must be that of the login: the token was issued for another one'
  return 'is missing: the provider must return what every login sends (OpenID Connect Core section 3.1.3.7), or anyone could replay an ID Token'
}

function checkClaims({ header, payload }: Jws, context: ClaimContext): IdTokenClaims {
  requireClaims('ID Token', rules, payload, context)
  checkHash(header, ['at_hash', payload['at_hash']], ['access token', context.accessToken])
  checkHash(header, ['c_hash', payload['c_hash']], ['code', context.code])
  const claims = bareClaims(payload)
  if (isIdTokenClaims(claims)) return claims
  throw new TokenValidationError('token_claim_missing', "the ID Token's iss and sub must be strings")
}

function isSame(value: unknown, expected: string): boolean {
  return typeof value === 'string' && equalSecrets(value, expected)
}

function checkHash(
  { alg }: JwsHeader,
  [claim, hash]: readonly [string, unknown],
  [what, value]: readonly [string, string | undefined],
): void {
  if (hash === undefined || value === undefined) return
  if (isSame(hash, leftHalfHash(alg, value))) return
  const message = `the ID Token's ${claim} must be that of the ${what} it came with: it was issued with another one`
  throw new TokenValidationError('token_hash_mismatch', message, { details: { subject: claim, seen: 'another value' } })
}

function checkStrength(
  { auth_time: authTime, acr }: IdTokenClaims,
  { maxAge, acrValues }: IdTokenExpectations,
  { now, clockToleranceSeconds }: ClockContext,
): void {
  const age = isDate(authTime) ? now - authTime : undefined
  if (maxAge !== undefined && !(age !== undefined && age <= maxAge + strictTolerance(clockToleranceSeconds))) {
    const seen = age === undefined ? 'the ID Token has no auth_time' : `it is ${Math.round(age)} seconds old`
    throw tooWeak(`the sign-in is older than requested by max_age ${maxAge}: ${seen}`, {
      subject: 'auth_time',
      seen: age === undefined ? 'missing' : `${Math.round(age)} seconds old`,
      expected: `at most ${maxAge} seconds old`,
      option: 'max_age',
    })
  }
  if (acrValues !== undefined && !(typeof acr === 'string' && acrValues.includes(acr))) {
    throw tooWeak(`the sign-in is weaker than requested: its acr is ${quoted(acr)}, not ${acrValues.join(' or ')}`, {
      subject: 'acr',
      seen: acr === undefined ? 'missing' : 'another value',
      expected: quoted(acrValues),
      option: 'acr_values',
    })
  }
}

function tooWeak(message: string, details: OidcErrorDetails): AuthorizationResponseError {
  return new AuthorizationResponseError('authentication_too_weak', message, { details })
}
