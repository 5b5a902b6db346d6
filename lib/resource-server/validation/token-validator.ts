import { TokenValidationError } from '../../errors.js'
import { isTokenText, splitAuthorization } from '../../http/authorization.js'
import { dateDetails } from '../../jose/claim-rules.js'
import { isAudited } from '../../base/audit/audit.js'
import { isAhead } from '../../base/age.js'
import { whenDone } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import { isTraced, traced } from '../../base/diagnostics.js'
import { areGroupsLeftOut } from '../../policy/claim-path.js'
import type { Principal } from '../../policy/principal.js'
import type { JwtValidation } from './jwt.js'
import type { OpaqueValidation } from './opaque.js'
import { TokenPrincipal } from './verified-token.js'
import type { PossessionCheck } from '../proof-of-possession/check.js'
import type { TokenCheck } from '../application-checks.js'
import { auditRefusedTokens } from '../refused-tokens.js'
import { type BearerChallenges, schemeNames, type TokenScheme } from '../challenges.js'
import type { VerifiedTokenCache } from './verified-token-cache.js'
import { isCompactJws } from './token-type.js'
import type { SignedToken, TokenRequest, VerifiedToken } from '../types.js'

/** The parts that a {@link TokenValidator} combines. */
interface ValidatorParts {
  /** Supported schemes. */
  readonly schemes: readonly TokenScheme[]
  /** Absent if every token is introspected. */
  readonly jwt?: JwtValidation
  /** Absent if every token must be a JWT. */
  readonly opaque?: OpaqueValidation
  /** Names of providers by issuer. */
  readonly providerNames?: ReadonlyMap<string, string>
  readonly cache?: VerifiedTokenCache
  readonly possession: PossessionCheck
  readonly challenges: BearerChallenges
  /** The application's own check, made of each request. */
  readonly check?: TokenCheck
  readonly clockToleranceSeconds: number
  readonly runtime: Runtime
}

/** Validates access tokens: synchronously if nothing has to be fetched. */
export class TokenValidator {
  readonly #parts: ValidatorParts

  constructor(parts: ValidatorParts) {
    this.#parts = parts
  }

  /**
   * @param authorization - value of the `Authorization` header, if there is one
   * @throws {BearerError} with its challenge, or rejects with it; {@link ProviderError} for an outage
   */
  validate(authorization: string | undefined, request: TokenRequest): Principal | Promise<Principal> {
    if (isTraced('validation')) return this.#validateTraced(authorization, request)
    return isAudited()
      ? auditRefusedTokens(() => this.#checked(authorization, request))
      : this.#checked(authorization, request)
  }

  #validateTraced(authorization: string | undefined, request: TokenRequest): Principal | Promise<Principal> {
    return traced('validation', {}, (notes) => {
      const noteIssuer = (principal: Principal): Principal => {
        if (notes !== undefined) {
          notes.issuer = principal.issuer
          if (areGroupsLeftOut(principal.claims)) notes.remarks = ['groups_left_out']
        }
        return principal
      }
      return whenDone(
        auditRefusedTokens(() => this.#checked(authorization, request)),
        noteIssuer,
      )
    })
  }

  #checked(authorization: string | undefined, request: TokenRequest): Principal | Promise<Principal> {
    const { check } = this.#parts
    const validated = this.#validate(authorization, request)
    return check === undefined ? validated : this.#approve(validated, request, check)
  }

  async #approve(
    validated: TokenPrincipal | Promise<TokenPrincipal>,
    { source }: TokenRequest,
    check: TokenCheck,
  ): Promise<Principal> {
    const principal = await validated
    try {
      await check(principal, source)
      return principal
    } catch (error) {
      throw this.#parts.challenges.fromError(error, principal.scheme)
    }
  }

  #validate(authorization: string | undefined, request: TokenRequest): TokenPrincipal | Promise<TokenPrincipal> {
    const { challenges, schemes } = this.#parts
    if (authorization === undefined) throw challenges.missing()
    const credentials = splitAuthorization(authorization, request.maxHeaderLength)
    if (credentials === 'malformed') throw challenges.malformed()
    if (credentials === 'too long') throw challenges.tooLong()
    if (credentials === 'other') throw challenges.missing()
    const { scheme, token } = credentials
    if (!schemes.includes(scheme)) throw challenges.invalidToken(scheme, schemeRefused(scheme, schemes))
    try {
      const verified = this.#verify(token)
      if (verified instanceof Promise) return this.#finish(verified, scheme, token, request)
      const proof = this.#parts.possession(verified, scheme, token, request)
      const principal = this.#principal(verified, scheme, token)
      return proof === undefined
        ? principal
        : this.#finish(
            proof.then(() => verified),
            scheme,
            token,
          )
    } catch (error) {
      throw challenges.fromError(error, scheme)
    }
  }

  #principal(verified: VerifiedToken, scheme: TokenScheme, token: string): TokenPrincipal {
    return new TokenPrincipal(verified, scheme, token, this.#parts.providerNames?.get(verified.issuer))
  }

  async #finish(
    pending: Promise<VerifiedToken>,
    scheme: TokenScheme,
    token: string,
    request?: TokenRequest,
  ): Promise<TokenPrincipal> {
    try {
      const verified = await pending
      if (request !== undefined) await this.#parts.possession(verified, scheme, token, request)
      return this.#principal(verified, scheme, token)
    } catch (error) {
      throw this.#parts.challenges.fromError(error, scheme)
    }
  }

  // A cache hit compares the hash of the whole token, so form, signature and claims need no further check.
  #verify(token: string): VerifiedToken | Promise<VerifiedToken> {
    const { cache, challenges, jwt, opaque } = this.#parts
    const known = cache?.get(token)
    if (known !== undefined) return this.#requireCurrent(known.token)
    if (opaque !== undefined && !isTokenText(token)) throw challenges.malformed()
    if (opaque !== undefined && (jwt === undefined || !isCompactJws(token))) return opaque(token)
    if (jwt === undefined)
      throw new TokenValidationError('token_malformed', 'this API does not accept this type of token')
    const signed = this.#verifyJwt(jwt, token)
    return signed instanceof Promise
      ? signed.then((late) => this.#cacheToken(token, late))
      : this.#cacheToken(token, signed)
  }

  // A JWT that decodes has valid characters only, so those are checked only if decoding fails.
  #verifyJwt(jwt: JwtValidation, token: string): SignedToken | Promise<SignedToken> {
    try {
      return jwt(token)
    } catch (error) {
      throw isTokenText(token) ? error : this.#parts.challenges.malformed()
    }
  }

  #cacheToken(token: string, signed: SignedToken): VerifiedToken {
    if (signed.isIntrospected !== true) this.#parts.cache?.offer(token, signed)
    return signed.token
  }

  #requireCurrent(token: VerifiedToken): VerifiedToken {
    const { runtime, clockToleranceSeconds } = this.#parts
    const now = runtime.now() / 1000
    if (token.expiresAt + clockToleranceSeconds <= now) {
      const details = { subject: 'exp', ...dateDetails(token.expiresAt, { now, clockToleranceSeconds }) }
      throw new TokenValidationError('token_expired', "the token's exp is in the past", { details })
    }
    if (isAhead(token.notBefore, now, clockToleranceSeconds)) {
      const details = { subject: 'nbf', ...dateDetails(token.notBefore, { now, clockToleranceSeconds }) }
      throw new TokenValidationError('token_not_yet_valid', "the token's nbf is in the future", { details })
    }
    return token
  }
}

// A token all the same: with another scheme, the client did not prove what this API demands (RFC 9449 sections 7.1 and 7.2).
function schemeRefused(scheme: TokenScheme, schemes: readonly TokenScheme[]): TokenValidationError {
  const [seen, expected] = [schemeNames[scheme], schemes.map((one) => schemeNames[one]).join(' or ')]
  const message = `the token was sent as ${seen}, and this API takes tokens as ${expected}`
  const details = { subject: 'Authorization', seen, expected, option: 'dpop' }
  return new TokenValidationError('token_binding_failed', message, { details })
}
