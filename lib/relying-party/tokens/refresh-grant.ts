import type { OidcErrorCode } from '../../error-codes.js'
import type { OidcError } from '../../errors.js'
import { ProviderError } from '../../errors.js'
import { TtlCache } from '../../base/cache/ttl-cache.js'
import type { Runtime } from '../../base/runtime.js'
import type { Provider } from '../../provider/provider.js'
import type { RefreshedTokens } from '../../provider/types.js'
import { idTokenClaims } from '../../session/claims.js'
import type { SessionRecord } from '../../session/record.js'
import { type AccessTarget, mainTarget } from './access-target.js'
import { NotSent, CircuitBreaker } from '../../base/circuit-breaker.js'
import { type LastLook, type RefreshOutcome, findNothing, refreshTokenKey } from './refreshes.js'
import { toOutcome } from './refresh-outcome.js'
import { isVerdict, RefusedRefreshes } from './refused-refreshes.js'
import { UnverifiedIdTokens } from './unverified-id-tokens.js'
import { isOidcError } from '../../base/error-cause.js'
import { isOfFunction } from '../../base/timers/call-in-time.js'
import { omitUndefined } from '../../base/json.js'

// One attempt and one retry. After that, whether the token was used is unknown.
const maxSends = 2
const uncertainSeconds = 60

/** Errors after which the refresh token has certainly not been used. */
const unusedCodes: ReadonlySet<OidcErrorCode> = new Set([
  'provider_unavailable',
  'provider_refused_client',
  'provider_redirected',
  'provider_address_refused',
  'outbound_limit_reached',
  'token_request_failed',
])

/** Connection errors: the request was not sent. */
const unsentCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** The target of a refresh, and a check right before it is sent. */
interface RefreshGrantOptions {
  readonly target?: AccessTarget
  /** Called right before the token is sent, in case another process has used it. */
  readonly lastLook?: LastLook
}

type Sent = { readonly refreshed: RefreshedTokens; readonly sentAt: number } | { readonly found: RefreshOutcome }

/** How often refresh tokens were sent without a response, by their hash. */
export type UnansweredSends = TtlCache<number>

/** Creates the counts of refresh tokens that were sent without a response. */
export function createUnansweredSends(runtime: Runtime): UnansweredSends {
  return new TtlCache({ max: 10_000, milliseconds: uncertainSeconds * 1000, runtime })
}

/** When a response is slow, and what earlier requests have left. */
interface RefreshGrantsSettings {
  readonly slowSeconds?: number
  readonly unansweredSends?: UnansweredSends
}

/** Sends refresh requests to the provider (RFC 6749 section 6, OpenID Connect Core section 12). */
export class RefreshGrants {
  readonly unverified: UnverifiedIdTokens
  readonly #provider: Provider
  readonly #runtime: Runtime
  readonly #breaker: CircuitBreaker
  readonly #refused: RefusedRefreshes
  readonly #unansweredSends: UnansweredSends

  constructor(
    provider: Provider,
    runtime: Runtime,
    { slowSeconds, unansweredSends = createUnansweredSends(runtime) }: RefreshGrantsSettings = {},
  ) {
    this.#provider = provider
    this.#runtime = runtime
    this.#breaker = new CircuitBreaker(runtime, slowSeconds)
    this.#refused = new RefusedRefreshes(runtime)
    this.#unansweredSends = unansweredSends
    this.unverified = new UnverifiedIdTokens(provider, runtime)
  }

  /**
   * Uses a session's refresh token for a target. If the provider rejects the token, or the new tokens are about another
   * login, the session ends. If it rejects only the target, the session stays.
   *
   * @throws {ProviderError} the provider is unavailable, or was when this token was sent; the token may still be valid
   * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`: the token may still be valid
   */
  async refresh(record: SessionRecord, refreshToken: string, how: RefreshGrantOptions = {}): Promise<RefreshOutcome> {
    const { target = mainTarget, lastLook = findNothing } = how
    const key = refreshTokenKey(refreshToken)
    if ((this.#unansweredSends.get(key) ?? 0) >= maxSends)
      throw outcomeUnknown(this.#unansweredSends.remaining(key) / 1000)
    const send = () => this.#send(key, record, { refreshToken, target, lastLook })
    try {
      const sent = await this.#breaker.run(async () => {
        // Metadata and keys must be there before the token is used: otherwise the response could not be validated.
        await this.#provider.ready()
        return send()
      }, record.id)
      if ('found' in sent) return sent.found
      this.#refused.recordSuccess()
      const outcome = toOutcome(record, target, sent.refreshed, sent.sentAt)
      this.unverified.keep(record, sent.refreshed)
      return outcome
    } catch (reason) {
      if (!isOidcError(reason)) throw reason
      const { ended, error } = this.#refused.classify(reason, record, target)
      if (ended) return { kind: 'ended', error }
      throw error
    }
  }

  async #send(
    key: string,
    record: SessionRecord,
    how: Required<RefreshGrantOptions> & { refreshToken: string },
  ): Promise<Sent> {
    const { refreshToken, target, lastLook } = how
    const found = await lastLook().catch((reason: unknown) => {
      throw new NotSent(reason)
    })
    if (found !== undefined) return { found }
    const sentAt = this.#runtime.now()
    try {
      const { scope } = record.tokens
      const request = { refreshToken, scope, idTokenClaims: idTokenClaims(record), parameters: parametersOf(target) }
      return { refreshed: await this.#provider.refresh(request), sentAt }
    } catch (error) {
      if (!isOidcError(error) || isAnswer(error)) throw error
      const sends = (this.#unansweredSends.get(key) ?? 0) + 1
      this.#unansweredSends.set(key, sends)
      // Retries, for example, if a kept connection was closed just when it was used again. A slow provider is not asked
      // twice.
      if (sends < maxSends && error.code === 'provider_unreachable') return this.#send(key, record, how)
      throw error
    }
  }
}

function parametersOf({ resource, scope, authorizationDetails }: AccessTarget): Readonly<Record<string, string>> {
  return omitUndefined({ resource, scope, authorization_details: authorizationDetails })
}

/** Whether the error shows what happened to the token: it was not used, or it is dead. */
function isAnswer(error: OidcError): boolean {
  const isJudged = isVerdict(error) || error.code === 'invalid_grant'
  return isJudged || unusedCodes.has(error.code) || isUnsent(error)
}

// Functions that give the credentials are called before the request is sent.
function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return isOfFunction(error) || ('code' in error && unsentCodes.has(String(error.code))) || isUnsent(error.cause)
}

function outcomeUnknown(seconds: number): ProviderError {
  const message = 'the provider did not say whether the tokens were renewed: try again later, or sign in again'
  return new ProviderError('provider_unavailable', message, {
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) },
  })
}
