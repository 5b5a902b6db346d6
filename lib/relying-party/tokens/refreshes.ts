import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { OidcErrorCode } from '../../error-codes.js'
import type { OidcError } from '../../errors.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import type { SharedStore } from '../../options/common/stores.js'
import { mergeTokens } from '../../session/merge.js'
import type { SessionRecord, SessionTokens } from '../../session/record.js'

/** A refresh token, and what it is to be spent for. */
export interface RefreshAttempt {
  readonly refreshToken: string
  /** Name of an access token's target; empty for the main token. */
  readonly target: string
  /** What the processes share that may spend it, where the application has brought no other memory. */
  readonly sharedStore?: SharedStore | undefined
}

/** What spending a refresh token has come to: its successors, or the end of the session. */
export type RefreshOutcome =
  | {
      readonly kind: 'renewed'
      /** What it was spent for, with the access token if the provider gave one; absent where another process did that. */
      readonly obtained?: { readonly target: string; readonly accessToken: string | undefined }
      /** All tokens of the session as they are now, those for other targets too. */
      readonly tokens: SessionTokens
      readonly idToken?: string
      /** Why a new ID Token was not taken, where there was one. */
      readonly idTokenFlaw?: OidcErrorCode
    }
  | { readonly kind: 'ended'; readonly error: OidcError }

/** Looks right before a refresh token is sent: what another has spent it for. Rejects where it must not be sent any more. */
export type LastLook = () => Promise<RefreshOutcome | undefined>

/** For whoever is alone. */
export const nothingFound: LastLook = async () => undefined

/** Spends a refresh token, with a look right before it is sent. */
export type RefreshOnce = (lastLook: LastLook) => Promise<RefreshOutcome>

/**
 * Sees to it that a refresh token is spent once, and that requests which still carry it get what it was spent for.
 * This process has one of its own; processes that share sessions need one that they share.
 *
 * One refresh token serves all targets of a session. Requests for different targets that come at once therefore form a
 * line: one spends the token, the others get that outcome, see by `obtained` that it is not theirs, and come again with the
 * record that it has renewed, and so with the successor.
 */
export interface Refreshes {
  /**
   * Spends a session's refresh token, or joins whoever does, or tells what came of it: for whatever target that was.
   * Nothing is spent while an outcome is known that the record does not have yet. What `spend` throws is not remembered.
   *
   * @param record - with the newest tokens that the caller knows of
   */
  refreshOnce(record: SessionRecord, spending: RefreshAttempt, spend: RefreshOnce): Promise<RefreshOutcome>
  /** How often something has become known that {@link latest} may take up. */
  readonly count: number
  /** The record with the newest tokens known; the same object where it has them already. */
  latest(record: SessionRecord): SessionRecord
  /**
   * Looks for what other processes have renewed, so that {@link latest} knows it.
   *
   * @param memory - where to look, if the application has brought no memory for that
   */
  loadSuccessors(record: SessionRecord, sharedStore?: SharedStore): MaybePromise<void>
  /** Whether the token for a target that an API refused may be replaced before its time: now and then, not at each call. */
  mayReplaceRefused(record: SessionRecord, target: string): boolean
  /** Remembers that a session is over: responses under way must not write it again. */
  end(record: SessionRecord): void
  hasEnded(record: SessionRecord): boolean
}

const maxRemembered = 10_000
// The response that was to carry it may never have arrived: whoever was cut off comes back with the old token.
const successorMilliseconds = 600_000
const refusalMilliseconds = 60_000
const endedMilliseconds = 600_000
const refusedMilliseconds = 10_000

/** How many successors of one another are followed. */
export const maxChain = 50

/** The name under which a refresh token is known: never the token itself. */
export function refreshTokenKey(refreshToken: string): string {
  return hash('sha256', refreshToken, 'base64url')
}

/** The record with renewed tokens; the same object where it has them already. */
export function renewedRecord(record: SessionRecord, outcome: RefreshOutcome & { kind: 'renewed' }): SessionRecord {
  const tokens = mergeTokens(record.tokens, outcome.tokens)
  return tokens === record.tokens ? record : { ...record, tokens, idToken: outcome.idToken ?? record.idToken }
}

/** Whether renewed tokens hold any that are not at hand yet. */
export function isNews(outcome: RefreshOutcome & { kind: 'renewed' }, tokens: SessionTokens): boolean {
  return mergeTokens(tokens, outcome.tokens) !== tokens
}

/** The memory of one process: bounded, and short. */
export class RefreshCoordinator implements Refreshes {
  // Flights end by the deadline of their request, so that they need no bound.
  readonly #flights = new Map<string, { readonly target: string; readonly outcome: Promise<RefreshOutcome> }>()
  readonly #outcomes: LRUCache<string, RefreshOutcome>
  readonly #ended: LRUCache<string, true>
  readonly #refused: LRUCache<string, true>
  #count = 0

  constructor(runtime: Runtime) {
    const bounds = { max: maxRemembered, perf: runtime, ttlResolution: 0 }
    this.#outcomes = new LRUCache({ ...bounds, ttl: successorMilliseconds })
    this.#ended = new LRUCache({ ...bounds, ttl: endedMilliseconds })
    this.#refused = new LRUCache({ ...bounds, ttl: refusedMilliseconds })
  }

  get count(): number {
    return this.#count
  }

  async refreshOnce(
    record: SessionRecord,
    { refreshToken, target }: RefreshAttempt,
    spend: RefreshOnce,
  ): Promise<RefreshOutcome> {
    const key = keyOf(record, refreshToken)
    const known = this.#flights.get(key)?.outcome ?? this.#news(key, record)
    if (known !== undefined) return known
    const outcome = this.#spend(key, () => spend(nothingFound))
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
    // Whatever this process has done is known already.
  }

  /** Takes over what another process has renewed. */
  remember(record: SessionRecord, refreshToken: string, outcome: RefreshOutcome): void {
    this.#know(keyOf(record, refreshToken), outcome)
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

  async #spend(key: string, spend: () => Promise<RefreshOutcome>): Promise<RefreshOutcome> {
    try {
      const outcome = await spend()
      this.#know(key, outcome)
      return outcome
    } finally {
      this.#flights.delete(key)
    }
  }

  #know(key: string, outcome: RefreshOutcome): void {
    this.#outcomes.set(key, outcome, { ttl: outcome.kind === 'ended' ? refusalMilliseconds : successorMilliseconds })
    this.#count += 1
  }

  // Where the provider does not rotate, the token that brought these tokens is the one that they came with.
  #news(key: string, { tokens }: SessionRecord): RefreshOutcome | undefined {
    const outcome = this.#outcomes.get(key)
    if (outcome?.kind !== 'renewed') return outcome
    return isNews(outcome, tokens) ? outcome : undefined
  }
}

// With the session's id: where a provider gives one refresh token to two logins, neither gets what was made for the other.
function keyOf({ id }: SessionRecord, refreshToken: string): string {
  return refreshTokenKey(`${id} ${refreshToken}`)
}
