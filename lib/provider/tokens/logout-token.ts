import { TokenValidationError } from '../../errors.js'
import { isJsonObject } from '../../base/json.js'
import { type ClaimRule, always, isDate, isText, isWithin, requireClaims, requireType } from '../../jose/claim-rules.js'
import { decodeJws } from '../../jose/jws.js'
import { describingFailures } from '../../jose/token-details.js'
import type { Keys } from '../keys.js'
import { type RuleContext, relyingPartyRules, strictTolerance, timeRules } from './claim-rules.js'
import { createClientDecryption } from './decryption.js'
import { createSignatureVerifier, requireRegisteredAlgorithm } from './signature.js'
import { tenantKeyRule } from './tenants.js'
import type { ClientSettings, ProviderSettings } from '../types.js'

/** A validated logout token. It has `subject`, `sid` or both. */
export interface LogoutToken {
  readonly issuer: string
  readonly subject?: string
  /** The session at the provider; may contain any characters. */
  readonly sid?: string
  readonly jti: string
  /** Seconds since the epoch. */
  readonly issuedAt: number
  /** When the token expires, by `exp` or by its age. Seconds since the epoch, without the clock tolerance. */
  readonly expiresAt: number
}

/** Validates logout tokens. */
export interface LogoutTokenValidator {
  /**
   * Validates a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6), except for replay of its `jti`.
   *
   * @throws {TokenValidationError}
   * @throws {ProviderError} when keys have to be fetched and cannot be
   */
  validate(logoutToken: string): Promise<LogoutToken>
}

/** Issuer and client, and how logout tokens are signed and encrypted. */
type LogoutTokenSettings = Pick<
  ProviderSettings,
  'issuer' | 'issuerAliases' | 'tenants' | 'runtime' | 'clockToleranceSeconds'
> &
  Pick<ClientSettings, 'clientId' | 'clientSecret' | 'idTokenSigningAlg' | 'decryptionKeys' | 'encryptedResponses'>

// Real ones are well below 1 KB: they have names and dates, but no personal claims.
const maxBytes = 8_192
// Section 2.4 recommends at most two minutes for exp. This limit applies whatever exp says, and bounds how long a jti
// has to be remembered.
const maxAgeSeconds = 300
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * Creates the validator of logout tokens.
 *
 * @throws {ConfigurationError} `invalid_options` for HS256, HS384 or HS512 without a long enough secret
 */
export function createLogoutTokenValidator(settings: LogoutTokenSettings, keys: Keys): LogoutTokenValidator {
  const { runtime, clientSecret, idTokenSigningAlg: algorithms } = settings
  const signature = {
    token: 'logout token',
    algorithms,
    option: 'idTokenSigningAlg',
    clientSecret,
    from: 'anyone',
    isKeyOf: tenantKeyRule(settings),
  } as const
  const verifySignature = createSignatureVerifier(signature, keys)
  // Encrypted as ID Tokens are, and refused otherwise (sections 2.4 and 2.6).
  const decrypt = createClientDecryption(settings, { token: 'logout token', response: 'id_token', maxBytes })
  const clockToleranceSeconds = strictTolerance(settings.clockToleranceSeconds)
  return {
    async validate(logoutToken) {
      // Anyone can post anything here, so the cheap checks come before keys and signatures.
      const jws = decodeJws(await decrypt(logoutToken), { maxBytes })
      requireRegisteredAlgorithm(jws.header, signature)
      requireType('logout token', jws.header.typ, logoutTokenType)
      const requireAll = () => {
        // Other audiences are harmless: a logout token can only end sessions here.
        const now = runtime.now() / 1000
        const context = { ...settings, clockToleranceSeconds, idTokenAudiences: 'any', now } as const
        requireClaims('logout token', rules, jws.payload, context)
      }
      return describingFailures(jws, async () => {
        await verifySignature(jws, requireAll)
        requireAll()
        return readClaims(jws.payload)
      })
    },
  }
}

// Section 2.4 recommends an explicit type. Without it, events and the missing nonce distinguish it from an ID Token.
const logoutTokenType = {
  isType: (typ: string | undefined) => typ === undefined || /^(application\/)?(logout\+)?jwt$/i.test(typ),
  expected: 'logout+jwt',
}

const rules: readonly ClaimRule<RuleContext>[] = [
  { claim: 'events', code: 'token_type_refused', must: 'must hold the logout event', holds: isLogout },
  // Prevents confusion with ID Tokens (section 2.4).
  { claim: 'nonce', code: 'token_type_refused', must: 'must be absent', isOptional: always, holds: () => false },
  relyingPartyRules.issuer,
  relyingPartyRules.audience,
  ...timeRules,
  {
    claim: 'iat',
    code: 'token_expired',
    must: 'must be within the last five minutes',
    holds: (iat, context) => isWithin(iat, maxAgeSeconds, context),
  },
  { claim: 'jti', code: 'token_claim_invalid', must: 'must be 1 to 255 characters', holds: isText(255) },
  {
    claim: 'sub',
    code: 'token_claim_invalid',
    must: 'must be 1 to 255 characters, or there must be a sid',
    isOptional: (_context, { sid }) => sid !== undefined,
    holds: isText(255),
  },
  {
    claim: 'sid',
    code: 'token_claim_invalid',
    must: 'must be 1 to 1024 characters',
    isOptional: always,
    holds: isText(1024),
  },
]

// There may be other events as well (RFC 8417 section 2.2); the event itself is usually {}.
function isLogout(events: unknown): boolean {
  return isJsonObject(events) && isJsonObject(events[logoutEvent])
}

function readClaims({ iss, sub, sid, jti, iat, exp }: Readonly<Record<string, unknown>>): LogoutToken {
  if (typeof iss !== 'string' || typeof jti !== 'string' || !isDate(iat) || !isDate(exp)) {
    throw new TokenValidationError('token_claim_invalid', 'the logout token lacks a claim')
  }
  return {
    issuer: iss,
    ...(typeof sub === 'string' ? { subject: sub } : {}),
    ...(typeof sid === 'string' ? { sid } : {}),
    jti,
    issuedAt: iat,
    expiresAt: Math.min(exp, iat + maxAgeSeconds),
  }
}
