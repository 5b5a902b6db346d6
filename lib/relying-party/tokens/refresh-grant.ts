import { LRUCache } from 'lru-cache'
import type { OidcErrorCode } from '../../error-codes.js'
import type { OidcError } from '../../errors.js'
import { ProviderError, TokenValidationError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'
import type { Provider } from '../../provider/provider.js'
import type { RefreshedTokens } from '../../provider/types.js'
import { idTokenClaims } from '../../session/claims.js'
import type { SessionRecord } from '../../session/record.js'
import { type AccessTarget, mainTarget } from './access-target.js'
import { NotAsked, CircuitBreaker } from '../../base/circuit-breaker.js'
import { type LastLook, type RefreshOutcome, nothingFound, refreshTokenKey } from './refreshes.js'
import { renewal } from './refresh-outcome.js'
import { RefusedRefreshes } from './refused-refreshes.js'
import { UnverifiedIdTokens } from './unverified-id-tokens.js'
import { isOidcError } from '../../base/error-cause.js'
import { omitUndefined } from '../../base/json.js'

// Sent, one retry, and then it is not known what became of the token.
const maxSends = 2
const uncertainSeconds = 60

/** Answers after which the refresh token is sure to be as good as it was. */
const unspent: ReadonlySet<OidcErrorCode> = new Set([
  'provider_unavailable',
  'provider_refused_client',
  'provider_redirected',
  'outbound_limit_reached',
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

/** What a refresh token is spent for, and what is looked at before that. */
export interface Spend {
  readonly target?: AccessTarget
  /** Whether it is still this process's to spend: asked right before it is sent. */
  readonly lastLook?: LastLook
}

type Sent = { readonly refreshed: RefreshedTokens; readonly sentAt: number } | { readonly found: RefreshOutcome }

/** Spends refresh tokens at the provider (RFC 6749 section 6, OpenID Connect Core section 12). */
export class RefreshGrants {
  readonly unverified: UnverifiedIdTokens
  readonly #provider: Provider
  readonly #runtime: Runtime
  readonly #gate: CircuitBreaker
  readonly #refused: RefusedRefreshes
  /** How often a refresh token was sent without a word on what became of it. */
  readonly #doubts: LRUCache<string, number>

  constructor(provider: Provider, runtime: Runtime, slowSeconds?: number) {
    this.#provider = provider
    this.#runtime = runtime
    this.#gate = new CircuitBreaker(runtime, slowSeconds)
    this.#refused = new RefusedRefreshes(runtime)
    this.#doubts = new LRUCache({ max: 10_000, ttl: uncertainSeconds * 1000, perf: runtime, ttlResolution: 0 })
    this.unverified = new UnverifiedIdTokens(provider, runtime)
  }

  /**
   * Spends a session's refresh token for a target. A refusal of it, or tokens about another login, are the end of the
   * session; a refusal of the target is not.
   *
   * @throws {ProviderError} the provider is away, or was when this token was sent; the token may still be good
   * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`: likewise
   */
  async spend(record: SessionRecord, refreshToken: string, how: Spend = {}): Promise<RefreshOutcome> {
    const { target = mainTarget, lastLook = nothingFound } = how
    const key = refreshTokenKey(refreshToken)
    if ((this.#doubts.get(key) ?? 0) >= maxSends) throw uncertain(this.#doubts.getRemainingTTL(key) / 1000)
    const send = () => this.#send(key, record, { refreshToken, target, lastLook })
    try {
      const sent = await this.#gate.run(async () => {
        // Once the token is spent, nothing that is needed to judge the answer may be missing.
        await this.#provider.ready()
        return send()
      }, record.id)
      if ('found' in sent) return sent.found
      this.#refused.succeeded()
      const outcome = renewal(record, target, sent.refreshed, sent.sentAt)
      this.unverified.keep(record, sent.refreshed)
      return outcome
    } catch (reason) {
      if (!isOidcError(reason)) throw reason
      const { ended, error } = this.#refused.judge(reason, record, target)
      if (ended) return { kind: 'ended', error }
      throw error
    }
  }

  async #send(key: string, record: SessionRecord, how: Required<Spend> & { refreshToken: string }): Promise<Sent> {
    const { refreshToken, target, lastLook } = how
    const found = await lastLook().catch((reason: unknown) => {
      throw new NotAsked(reason)
    })
    if (found !== undefined) return { found }
    const sentAt = this.#runtime.now()
    try {
      const { scope } = record.tokens
      const request = { refreshToken, scope, idTokenClaims: idTokenClaims(record), parameters: parametersOf(target) }
      return { refreshed: await this.#provider.refresh(request), sentAt }
    } catch (error) {
      if (!isOidcError(error) || isAnswer(error)) throw error
      const sends = (this.#doubts.get(key) ?? 0) + 1
      this.#doubts.set(key, sends)
      // Such as a connection that was closed just when it was used again; a provider that is slow is not asked twice.
      if (sends < maxSends && error.code === 'provider_unreachable') return this.#send(key, record, how)
      throw error
    }
  }
}

function parametersOf({ resource, scope }: AccessTarget): Readonly<Record<string, string>> {
  return omitUndefined({ resource, scope })
}

/** Whether it is known what became of the token: nothing, or its end. */
function isAnswer(error: OidcError): boolean {
  const isJudged = error instanceof TokenValidationError || error.code === 'invalid_grant'
  return isJudged || unspent.has(error.code) || isUnsent(error)
}

function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && unsent.has(String(error.code))) || isUnsent(error.cause)
}

function uncertain(seconds: number): ProviderError {
  const message = 'the provider did not say whether the tokens were renewed: try again later, or sign in again'
  return new ProviderError('provider_unavailable', message, {
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) },
  })
}
