import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { OidcError } from '../errors.js'
import type { MaybePromise } from '../options/maybe-promise.js'
import type { Platform } from '../options/platform.js'
import type { SessionRecord, SessionTokens } from '../session/record.js'

/** What spending a refresh token has come to: its successors, or the end of the session. */
export type RefreshOutcome =
  | { readonly kind: 'renewed'; readonly tokens: SessionTokens; readonly idToken?: string }
  | { readonly kind: 'ended'; readonly error: OidcError }

/**
 * Sees to it that a refresh token is spent once, and that requests which still carry it get what it was spent for.
 * This process has one of its own; processes that share sessions need one that they share.
 */
export interface Refreshes {
  /** Spends a session's refresh token, or joins whoever does, or tells what came of it. What `spend` throws is not remembered. */
  spendOnce(record: SessionRecord, refreshToken: string, spend: () => Promise<RefreshOutcome>): Promise<RefreshOutcome>
  /** The record with the newest tokens known; the same object where it has them already. */
  latest(record: SessionRecord): SessionRecord
  /** Looks for what other processes have renewed, so that {@link latest} knows it. */
  learn(record: SessionRecord): MaybePromise<void>
  /** Whether a token that an API refused may be replaced before its time: now and then, not at each call. */
  mayReplaceRefused(record: SessionRecord): boolean
  /** Remembers that a session is over: responses under way must not write it again. */
  end(record: SessionRecord): void
  hasEnded(record: SessionRecord): boolean
}

const mostRemembered = 10_000
const successorMilliseconds = 60_000
const endedMilliseconds = 600_000
const refusedMilliseconds = 10_000
const longestChain = 10

/** The name under which a refresh token is known: never the token itself. */
export function refreshTokenKey(refreshToken: string): string {
  return createHash('sha256').update(refreshToken).digest('base64url')
}

/** The record with renewed tokens. */
export function renewedRecord(record: SessionRecord, outcome: RefreshOutcome & { kind: 'renewed' }): SessionRecord {
  return { ...record, tokens: outcome.tokens, idToken: outcome.idToken ?? record.idToken }
}

/** Whether renewed tokens are others than those at hand, and not older: another process may have renewed them again. */
export function isNews(outcome: RefreshOutcome & { kind: 'renewed' }, tokens: SessionTokens): boolean {
  const { accessToken, refreshToken, obtainedAt = Infinity } = outcome.tokens
  const isSame = accessToken === tokens.accessToken && refreshToken === tokens.refreshToken
  return !isSame && obtainedAt >= (tokens.obtainedAt ?? 0)
}

/** The memory of one process: bounded, and short. */
export class RefreshMemory implements Refreshes {
  // Flights end by the deadline of their request, so that they need no bound.
  readonly #flights = new Map<string, Promise<RefreshOutcome>>()
  readonly #outcomes: LRUCache<string, RefreshOutcome>
  readonly #ended: LRUCache<string, true>
  readonly #refused: LRUCache<string, true>

  constructor(platform: Platform) {
    const bounds = { max: mostRemembered, perf: platform, ttlResolution: 0 }
    this.#outcomes = new LRUCache({ ...bounds, ttl: successorMilliseconds })
    this.#ended = new LRUCache({ ...bounds, ttl: endedMilliseconds })
    this.#refused = new LRUCache({ ...bounds, ttl: refusedMilliseconds })
  }

  async spendOnce(
    record: SessionRecord,
    refreshToken: string,
    spend: () => Promise<RefreshOutcome>,
  ): Promise<RefreshOutcome> {
    const key = refreshTokenKey(refreshToken)
    const known = this.#flights.get(key) ?? this.#news(key, record)
    if (known !== undefined) return known
    const flight = this.#spend(key, spend)
    this.#flights.set(key, flight)
    return flight
  }

  latest(record: SessionRecord): SessionRecord {
    let newest = record
    for (let steps = 0; steps < longestChain && this.#outcomes.size > 0; steps += 1) {
      const { refreshToken } = newest.tokens
      const news = refreshToken === undefined ? undefined : this.#news(refreshTokenKey(refreshToken), newest)
      if (news?.kind !== 'renewed') break
      newest = renewedRecord(newest, news)
    }
    return newest
  }

  learn(): void {
    // Whatever this process has done is known already.
  }

  /** Takes over what another process has renewed. */
  remember(refreshToken: string, outcome: RefreshOutcome): void {
    this.#outcomes.set(refreshTokenKey(refreshToken), outcome)
  }

  mayReplaceRefused({ id, tokens }: SessionRecord): boolean {
    const isUnderWay = tokens.refreshToken !== undefined && this.#flights.has(refreshTokenKey(tokens.refreshToken))
    if (isUnderWay) return true
    if (this.#refused.has(id)) return false
    this.#refused.set(id, true)
    return true
  }

  end({ id }: SessionRecord): void {
    this.#ended.set(id, true)
  }

  hasEnded({ id }: SessionRecord): boolean {
    return this.#ended.has(id)
  }

  async #spend(key: string, spend: () => Promise<RefreshOutcome>): Promise<RefreshOutcome> {
    try {
      const outcome = await spend()
      this.#outcomes.set(key, outcome)
      return outcome
    } finally {
      this.#flights.delete(key)
    }
  }

  // Where the provider does not rotate, the token that brought these tokens is the one that they came with.
  #news(key: string, { tokens }: SessionRecord): RefreshOutcome | undefined {
    const outcome = this.#outcomes.get(key)
    if (outcome?.kind !== 'renewed') return outcome
    return isNews(outcome, tokens) ? outcome : undefined
  }
}
