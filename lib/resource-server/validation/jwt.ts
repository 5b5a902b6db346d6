import { TokenValidationError } from '../../errors.js'
import { quoted } from '../../base/error-cause.js'
import type { Runtime } from '../../base/runtime.js'
import type { ClockContext } from '../../jose/claim-rules.js'
import { type Jws, type JwsHeader, decodeJws, isSignedBy, requireAlgorithm } from '../../jose/jws.js'
import { describingFailures } from '../../jose/token-details.js'
import { fitting, verifyByLookup } from '../../provider/tokens/signature.js'
import type { Issuers } from '../issuers/issuers.js'
import { checkTokenClaims } from './access-token-claims.js'
import { introspectLightweight, isLightweight, type LightweightTokens, requireRest } from './lightweight.js'
import { requireAccessToken, requireNoLogin } from './token-type.js'
import type { TrustedIssuer } from '../issuers/trusted-issuer.js'
import type { SignedToken } from '../types.js'
import { type ClaimReading, readVerifiedToken } from './verified-token.js'

/** The rules for JWT access tokens. */
interface JwtRules {
  readonly clockToleranceSeconds: number
  readonly reading: ClaimReading
  readonly runtime: Runtime
  /** Absent where every JWT must be complete. */
  readonly lightweight?: LightweightTokens | undefined
}

// Of many trusted issuers, details name a few.
const maxNamed = 3
// The server has already limited the length of the header that contains the token.
const maxBytes = Infinity

/** Validates one JWT: synchronously if the keys are cached, otherwise once they are fetched. */
export type JwtValidation = (token: string) => SignedToken | Promise<SignedToken>

/**
 * Creates the validation of JWT access tokens (RFC 9068 section 4, RFC 8725). The token chooses neither algorithm nor
 * key: `alg` must be one that is allowed for the issuer, and the key is one of the issuer's.
 *
 * @returns a function that throws, or rejects with, {@link TokenValidationError}, and `ProviderError` when keys cannot
 *   be fetched
 */
export function createJwtValidation(issuers: Issuers, rules: JwtRules): JwtValidation {
  const headers = new Map<string, JwsHeader>()
  const verify = (token: string, jws: Jws, issuer: TrustedIssuer): SignedToken | Promise<SignedToken> => {
    requireAlgorithm(jws.header, issuer.algorithms)
    const { keys, isKeyOf } = issuer
    const known = fitting(keys.find(jws.header), jws, issuer)
    if (isSignedBy(jws, known)) return conclude(token, jws, issuer, rules)
    // Claims are checked first: anyone can make invalid tokens, and those must not cause requests to the issuer.
    const requireAll = () => requireUsable(jws, issuer, rules)
    const verified = verifyByLookup(jws, known, { keys, from: 'anyone', isKeyOf, requireClaims: requireAll })
    return verified.then(
      () => conclude(token, jws, issuer, rules),
      (error: unknown) => rethrowWithSigner(error, jws, issuer),
    )
  }
  return (token) => {
    const jws = decodeJws(token, { headers, maxBytes })
    return describingFailures(jws, () => validate(token, jws))
  }
  function validate(token: string, jws: Jws): SignedToken | Promise<SignedToken> {
    const name = jws.payload['iss']
    if (typeof name !== 'string') throw issuerMissing()
    const issuer = issuers.find(name)
    if (issuer !== undefined) return verify(token, jws, issuer)
    if (issuers.lookUp === undefined) throw unknownIssuer(name, issuers)
    return issuers.lookUp(name).then((found) => {
      if (found === undefined) throw unknownIssuer(name, issuers)
      return verify(token, jws, found)
    })
  }
}

// Requires that the signature has been verified.
function conclude(token: string, jws: Jws, issuer: TrustedIssuer, rules: JwtRules): SignedToken | Promise<SignedToken> {
  const { lightweight } = rules
  try {
    return readToken(jws, issuer, rules)
  } catch (error) {
    if (!isLightweight(error, jws, issuer, lightweight)) throw error
    requireRest(jws, issuer, clockOf(rules))
    return introspectLightweight(token, jws, lightweight, issuer)
  }
}

function readToken(
  jws: Jws,
  issuer: TrustedIssuer,
  { reading, runtime, clockToleranceSeconds }: JwtRules,
): SignedToken {
  const { generation } = issuer.keys
  const now = runtime.now() / 1000
  const isTyped = requireClaims(jws, issuer, now, clockToleranceSeconds)
  const { issuer: name, subject } = issuer
  const token = readVerifiedToken(jws.payload, { issuer: name, reading, subject, isTyped, expiresAt: now })
  return { token, keys: issuer.keys, generation }
}

function requireClaims(
  { header, payload }: Jws,
  trusted: TrustedIssuer,
  now: number,
  clockToleranceSeconds: number,
): boolean {
  const { issuer, aliases, profile, audience, clients } = trusted
  const isTyped = requireAccessToken(header, payload, profile)
  if (profile === 'external') requireNoLogin(payload, issuer)
  // Members are listed one by one: spreading the rules and the issuer would take longer than all the checks.
  checkTokenClaims(payload, { source: profile, issuer, aliases, audience, clients, now, clockToleranceSeconds })
  return isTyped
}

function requireUsable(jws: Jws, issuer: TrustedIssuer, rules: JwtRules): void {
  const clock = clockOf(rules)
  try {
    requireClaims(jws, issuer, clock.now, clock.clockToleranceSeconds)
  } catch (error) {
    if (!isLightweight(error, jws, issuer, rules.lightweight)) throw error
    requireRest(jws, issuer, clock)
  }
}

function clockOf({ runtime, clockToleranceSeconds }: JwtRules): ClockContext {
  return { now: runtime.now() / 1000, clockToleranceSeconds }
}

// An issuer that has two spellings, such as Microsoft Entra, may publish its keys under one and its tokens under the other.
function rethrowWithSigner(error: unknown, jws: Jws, { keys, isKeyOf }: TrustedIssuer): never {
  if (!(error instanceof TokenValidationError) || error.code !== 'token_signature_invalid') throw error
  const signer = keys.find(jws.header).find((key) => !isKeyOf(key, jws) && isSignedBy(jws, [key]))
  if (signer === undefined) throw error
  const seen = quoted(signer.issuer)
  const message = `${error.message}: the key that signed it was passed over, since its JWK names the issuer ${seen} (other spellings of one issuer belong in "issuerAliases")`
  throw new TokenValidationError(error.code, message, {
    details: { subject: 'issuer', seen, option: 'issuerAliases' },
  })
}

function unknownIssuer(name: string, issuers: Issuers): TokenValidationError {
  const message = `the token is from ${quoted(name)}, an issuer that is not trusted here ("issuer", "issuerAliases")`
  const trusted = issuers.all().map(({ issuer }) => quoted(issuer))
  const expected = trusted.length === 0 ? undefined : trusted.slice(0, maxNamed).join(' or ')
  const details = { subject: 'iss', seen: quoted(name), expected, option: 'issuer' }
  return new TokenValidationError('token_issuer_mismatch', message, { details })
}

function issuerMissing(): TokenValidationError {
  const details = { subject: 'iss', seen: 'missing', option: 'issuer' }
  return new TokenValidationError('token_issuer_mismatch', "the token's iss is missing", { details })
}
