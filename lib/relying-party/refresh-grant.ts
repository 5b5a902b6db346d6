import { LRUCache } from 'lru-cache'
import { OidcError, ProviderError, SessionError, TokenEndpointError, TokenValidationError } from '../errors.js'
import type { OidcErrorCode } from '../errors.js'
import type { Platform } from '../options/platform.js'
import type { Provider } from '../provider/provider.js'
import type { RefreshedTokens } from '../provider/types.js'
import { idTokenClaims } from '../session/claims.js'
import { generationOf, withFurther } from '../session/merged-tokens.js'
import type { SessionRecord, SessionTokens } from '../session/record.js'
import { withTargetToken } from '../session/target-tokens.js'
import { type AccessTarget, mainTarget, namesIn } from './access-target.js'
import { OutageGate } from './outage-gate.js'
import { type RefreshOutcome, refreshTokenKey } from './refresh-memory.js'

// Sent, one retry, and then it is not known what became of the token.
const mostSends = 2
const uncertainSeconds = 300

/** Answers after which the refresh token is sure to be as good as it was. */
const unspent: ReadonlySet<OidcErrorCode> = new Set([
  'provider_unavailable',
  'provider_refused_client',
  'provider_redirected',
  'token_request_failed',
])

/** Failures to connect: nothing was sent. */
const unsent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Spends refresh tokens at the provider (RFC 6749 section 6, OpenID Connect Core section 12). */
export class RefreshGrants {
  readonly #provider: Provider
  readonly #platform: Platform
  readonly #gate: OutageGate
  /** How often a refresh token was sent without a word on what became of it. */
  readonly #doubts: LRUCache<string, number>

  constructor(provider: Provider, platform: Platform) {
    this.#provider = provider
    this.#platform = platform
    this.#gate = new OutageGate(platform)
    this.#doubts = new LRUCache({ max: 10_000, ttl: uncertainSeconds * 1000, perf: platform, ttlResolution: 0 })
  }

  /**
   * Spends a session's refresh token for a target. A refusal of it, or tokens about another login, are the end of the
   * session; a refusal of the target is not.
   *
   * @throws {ProviderError} the provider is away, or was when this token was sent; the token may still be good
   * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`: likewise
   */
  async spend(record: SessionRecord, refreshToken: string, target = mainTarget): Promise<RefreshOutcome> {
    const key = refreshTokenKey(refreshToken)
    if ((this.#doubts.get(key) ?? 0) >= mostSends) throw uncertain(this.#doubts.getRemainingTTL(key) / 1000)
    return this.#gate.run(async () => {
      // Once the token is spent, nothing that is needed to judge the answer may be missing.
      await this.#provider.ready()
      return this.#send(key, record, refreshToken, target)
    })
  }

  async #send(key: string, record: SessionRecord, refreshToken: string, target: AccessTarget): Promise<RefreshOutcome> {
    const { scope } = record.tokens
    const sentAt = this.#platform.now()
    try {
      const request = { refreshToken, scope, idTokenClaims: idTokenClaims(record), parameters: parametersOf(target) }
      return renewal(record, target, await this.#provider.refresh(request), sentAt)
    } catch (error) {
      const end = endOf(error)
      if (end !== undefined) return { kind: 'ended', error: end }
      if (!isOidcError(error) || isUnspent(error)) throw error
      const sends = (this.#doubts.get(key) ?? 0) + 1
      this.#doubts.set(key, sends)
      // Such as a connection that was closed just when it was used again; a provider that is slow is not asked twice.
      if (sends < mostSends && error.code === 'provider_unreachable')
        return this.#send(key, record, refreshToken, target)
      throw error
    }
  }
}

function parametersOf({ resource, scope }: AccessTarget): Readonly<Record<string, string>> {
  return { ...(resource === undefined ? {} : { resource }), ...(scope === undefined ? {} : { scope }) }
}

function renewal(
  { tokens }: SessionRecord,
  { name: target }: AccessTarget,
  refreshed: RefreshedTokens,
  sentAt: number,
): RefreshOutcome {
  const { accessToken, tokenType, refreshToken, accessTokenExpiresAt: expiresAt, idToken } = refreshed
  const { further = [] } = tokens
  const obtainedAt = Math.floor(sentAt / 1000)
  const token = { accessToken, tokenType, obtainedAt, ...(expiresAt === undefined ? {} : { expiresAt }) }
  const successor = { refreshToken, generation: generationOf(tokens) + 1 }
  const renewed: SessionTokens =
    target === ''
      ? withFurther({ ...token, ...successor, scope: grantedScope(refreshed.scope, tokens.scope) }, further)
      : withFurther({ ...tokens, ...successor }, withTargetToken(further, { target, ...token }))
  return {
    kind: 'renewed',
    obtained: { target, accessToken },
    tokens: renewed,
    ...(idToken === undefined ? {} : { idToken }),
  }
}

// More than was granted is nobody's wish (RFC 6749 section 6): guards must not see it.
function grantedScope(scope: string, before: string): string {
  const known = namesIn(before)
  return [...namesIn(scope)].filter((name) => known.has(name)).join(' ')
}

function endOf(error: unknown): OidcError | undefined {
  if (error instanceof TokenValidationError) return error
  if (!(error instanceof TokenEndpointError) || error.code !== 'invalid_grant') return undefined
  return new SessionError('session_expired', 'the provider has ended this login: sign in again', { cause: error })
}

function isOidcError(error: unknown): error is OidcError {
  return error instanceof OidcError
}

function isUnspent(error: OidcError): boolean {
  return unspent.has(error.code) || isUnsent(error)
}

function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && unsent.has(String(error.code))) || isUnsent(error.cause)
}

function uncertain(seconds: number): ProviderError {
  const message = 'the provider did not say whether the tokens were renewed: it is asked again later, or sign in again'
  return new ProviderError('provider_unavailable', message, {
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) },
  })
}
