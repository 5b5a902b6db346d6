import { hash } from 'node:crypto'
import type { LRUCache } from 'lru-cache'
import type { OidcErrorCode } from '../../error-codes.js'
import type { OidcError } from '../../errors.js'
import { createGrowingCache } from '../../base/cache/growing-cache.js'
import { TtlCache } from '../../base/cache/ttl-cache.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import type { SharedStore } from '../../options/common/stores.js'
import { mergeTokens } from '../../session/merge.js'
import type { SessionRecord, SessionTokens } from '../../session/record.js'

/** A refresh token, and what it is used for. */
export interface RefreshAttempt {
  readonly refreshToken: string
  /** Name of the access token's target; empty for the main token. */
  readonly target: string
  /** A store that comes with the session, used if the application has configured no other. */
  readonly sharedStore?: SharedStore | undefined
}

/** The result of a refresh: new tokens, or the end of the session. */
export type RefreshOutcome =
  | {
      readonly kind: 'renewed'
      /**
       * The requested target, with the access token if the provider issued one; absent if another process made the
       * refresh.
       */
      readonly obtained?: { readonly target: string; readonly accessToken: string | undefined }
      /** All tokens of the session now, including those for other targets. */
      readonly tokens: SessionTokens
      readonly idToken?: string
      /** Why the new ID Token was rejected, if it was. */
      readonly idTokenFlaw?: OidcErrorCode
    }
  | { readonly kind: 'ended'; readonly error: OidcError }

/**
 * A last check before a refresh token is sent: returns the outcome if another process has used it, and rejects if it
 * must not be sent.
 */
export type LastLook = () => Promise<RefreshOutcome | undefined>

/** The check of a process that shares nothing. */
export const findNothing: LastLook = async () => undefined

/** Makes a refresh, with a last check before it is sent. */
export type RefreshOnce = (lastLook: LastLook) => Promise<RefreshOutcome>

/**
 * Ensures that a refresh token is used once, and that requests which still have it get its outcome. One process is
 * enough with its own; processes that share sessions need a shared one.
 *
 * A session has one refresh token for all targets, so concurrent requests for different targets take turns: one uses
 * the token. The others get that outcome, see from `obtained` that it is for another target, and try again with the
 * renewed record, which has the successor.
 */
export interface Refreshes {
  /**
   * Uses a session's refresh token, joins a refresh in progress, or returns a remembered outcome, for whatever target
   * that is. No token is used while there is an outcome that the record does not include. Errors of `refresh` are not
   * remembered.
   *
   * @param record - the record with the newest tokens that the caller has
   */
  refreshOnce(record: SessionRecord, attempt: RefreshAttempt, refresh: RefreshOnce): Promise<RefreshOutcome>
  /** Increases with each outcome that {@link latest} may use. */
  readonly count: number
  /** Returns the record with the newest known tokens; the same object if it has them already. */
  latest(record: SessionRecord): SessionRecord
  /**
   * Loads the outcomes of other processes, for {@link latest}.
   *
   * @param sharedStore - where to look, if the options have no `sharedStore`
   */
  loadSuccessors(record: SessionRecord, sharedStore?: SharedStore): MaybePromise<void>
  /** Whether a token that an API rejected may be replaced before it is due. This is rate-limited. */
  mayReplaceRefused(record: SessionRecord, target: string): boolean
  /** Remembers that a session has ended: concurrent responses must not write its cookie again. */
  end(record: SessionRecord): void
  hasEnded(record: SessionRecord): boolean
}

const maxRemembered = 10_000
/**
 * How long successors are remembered, in this process and in others. A browser may still have the old refresh token, if the response
 * with the new cookie was lost or an older one arrived last; it gets the new token with any request in that time.
 */
export const successorSeconds = 600
const successorMilliseconds = successorSeconds * 1000
const refusalMilliseconds = 60_000
const endedMilliseconds = 600_000
const refusedMilliseconds = 10_000

/** Maximum number of successors that are followed. */
export const maxChain = 50

/** A hash that identifies a refresh token. The token itself is not stored. */
export function refreshTokenKey(refreshToken: string): string {
  return hash('sha256', refreshToken, 'base64url')
}

/** Returns the record with renewed tokens; the same object if it has them already. */
export function renewedRecord(record: SessionRecord, outcome: RefreshOutcome & { kind: 'renewed' }): SessionRecord {
  const tokens = mergeTokens(record.tokens, outcome.tokens)
  return tokens === record.tokens ? record : { ...record, tokens, idToken: outcome.idToken ?? record.idToken }
}

/** Whether an outcome has tokens that are missing in `tokens`. */
export function isNews(outcome: RefreshOutcome & { kind: 'renewed' }, tokens: SessionTokens): boolean {
  return mergeTokens(tokens, outcome.tokens) !== tokens
}

/** Coordinates refreshes within this process. Its caches are bounded and short-lived. */
export class RefreshCoordinator implements Refreshes {
  // Requests have a deadline, so this map needs no limit.
  readonly #flights = new Map<string, { readonly target: string; readonly outcome: Promise<RefreshOutcome> }>()
  readonly #outcomes: LRUCache<string, RefreshOutcome>
  readonly #ended: LRUCache<string, true>
  readonly #refused: TtlCache<true>
  #count = 0

  constructor(runtime: Runtime) {
    const bounds = { max: maxRemembered, runtime }
    this.#outcomes = createGrowingCache({ ...bounds, milliseconds: successorMilliseconds })
    this.#ended = createGrowingCache({ ...bounds, milliseconds: endedMilliseconds })
    this.#refused = new TtlCache({ ...bounds, milliseconds: refusedMilliseconds })
  }

  get count(): number {
    return this.#count
  }

  async refreshOnce(
    record: SessionRecord,
    { refreshToken, target }: RefreshAttempt,
    refresh: RefreshOnce,
  ): Promise<RefreshOutcome> {
    const key = keyOf(record, refreshToken)
    const known = this.#flights.get(key)?.outcome ?? this.#news(key, record)
    if (known !== undefined) return known
    const outcome = this.#run(key, () => refresh(findNothing))
    this.#flights.set(key, { target, outcome })
    return outcome
  }

  latest(record: SessionRecord): SessionRecord {
    let newest = record
    for (let steps = 0; steps < maxChain && this.#outcomes.size > 0; steps += 1) {
      const { refreshToken } = newest.tokens
      const news = refreshToken === undefined ? undefined : this.#news(keyOf(newest, refreshToken), newest)
      if (news?.kind !== 'renewed') break
      newest = renewedRecord(newest, news)
    }
    return newest
  }

  loadSuccessors(): void {
    // This process has all of its own outcomes already.
  }

  /** Remembers the outcome of another process. */
  remember(record: SessionRecord, refreshToken: string, outcome: RefreshOutcome): void {
    this.#keep(keyOf(record, refreshToken), outcome)
  }

  mayReplaceRefused(record: SessionRecord, target: string): boolean {
    const { refreshToken } = record.tokens
    const underWay = refreshToken === undefined ? undefined : this.#flights.get(keyOf(record, refreshToken))
    if (underWay?.target === target) return true
    const key = `${record.id} ${target}`
    if (this.#refused.has(key)) return false
    this.#refused.set(key, true)
    return true
  }

  end({ id }: SessionRecord): void {
    this.#ended.set(id, true)
  }

  hasEnded({ id }: SessionRecord): boolean {
    return this.#ended.has(id)
  }

  async #run(key: string, refresh: () => Promise<RefreshOutcome>): Promise<RefreshOutcome> {
    try {
      const outcome = await refresh()
      this.#keep(key, outcome)
      return outcome
    } finally {
      this.#flights.delete(key)
    }
  }

  #keep(key: string, outcome: RefreshOutcome): void {
    this.#outcomes.set(key, outcome, { ttl: outcome.kind === 'ended' ? refusalMilliseconds : successorMilliseconds })
    this.#count += 1
  }

  // If the provider does not rotate refresh tokens, the outcome is found under the same key, so it may contain nothing
  // new.
  #news(key: string, { tokens }: SessionRecord): RefreshOutcome | undefined {
    const outcome = this.#outcomes.get(key)
    if (outcome?.kind !== 'renewed') return outcome
    return isNews(outcome, tokens) ? outcome : undefined
  }
}

// Includes the session ID: if a provider gives two logins the same refresh token, they must not share outcomes.
function keyOf({ id }: SessionRecord, refreshToken: string): string {
  return refreshTokenKey(`${id} ${refreshToken}`)
}
