import { LRUCache } from 'lru-cache'
import { TokenValidationError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'
import type { Provider } from '../../provider/provider.js'
import type { RefreshedTokens } from '../../provider/types.js'
import { idTokenClaims } from '../../session/claims.js'
import { generationOf } from '../../session/merge.js'
import type { SessionRecord } from '../../session/record.js'
import type { RefreshOutcome } from './refreshes.js'

const maxKept = 10_000
const maxMilliseconds = 3_600_000
const momentMilliseconds = 250

type Ended = RefreshOutcome & { readonly kind: 'ended' }

interface Unverified {
  readonly idToken: string
  readonly accessToken: string | undefined
  /** Of the tokens that it came with: a later refresh has brought a later one, or none. */
  readonly generation: number
  /** Under way. */
  judging?: Promise<void> | undefined
  /** What it has come to: a verified ID Token, one that cannot be taken, or the end of the session. */
  verdict?: { readonly idToken?: string | undefined } | Ended
}

/**
 * ID Tokens of refreshes that came while the provider's keys could not be asked for. Nothing in them is shown; this process
 * judges them with a later use of their session, within an hour. Another process, or this one after a restart, goes on with
 * the ID Token that was there.
 */
export class UnverifiedIdTokens {
  readonly #provider: Pick<Provider, 'judgeRefreshed'>
  readonly #kept: LRUCache<string, Unverified>

  constructor(provider: Pick<Provider, 'judgeRefreshed'>, runtime: Runtime) {
    this.#provider = provider
    const bounds = { max: maxKept, ttl: maxMilliseconds, perf: runtime, ttlResolution: 0 }
    this.#kept = new LRUCache(bounds)
  }

  /** Keeps what a refresh has brought, if it is to be judged later, in the place of what the one before has brought. */
  keep({ id, tokens }: SessionRecord, { unverifiedIdToken: idToken, accessToken }: RefreshedTokens): void {
    if (idToken === undefined) this.#kept.delete(id)
    else this.#kept.set(id, { idToken, accessToken, generation: generationOf(tokens) + 1 })
  }

  has({ id }: SessionRecord): boolean {
    return this.#kept.size > 0 && this.#kept.has(id)
  }

  /** Forgets a session that is over. */
  forget({ id }: SessionRecord): void {
    this.#kept.delete(id)
  }

  /**
   * Judges it.
   *
   * @param isUrgent - waits for the keys for as long as that takes; else for a moment, and goes on behind the caller
   * @returns the record with the new ID Token, the same record where it cannot be taken, now or ever; or the end of the
   *   session, for a token that is not from the issuer or about another login
   */
  async judge(record: SessionRecord, isUrgent: boolean): Promise<SessionRecord | Ended> {
    const kept = this.#kept.get(record.id)
    if (kept === undefined || kept.generation !== generationOf(record.tokens)) return record
    if (kept.verdict === undefined) await this.#wait(kept, record, isUrgent)
    const { verdict } = kept
    if (verdict === undefined) return record
    if (this.#kept.get(record.id) === kept) this.#kept.delete(record.id)
    if ('kind' in verdict) return verdict
    return verdict.idToken === undefined ? record : { ...record, idToken: verdict.idToken }
  }

  // Whoever has a token that lives need not wait for what another waits for already.
  async #wait(kept: Unverified, record: SessionRecord, isUrgent: boolean): Promise<void> {
    if (!isUrgent && kept.judging !== undefined) return
    kept.judging ??= this.#judge(kept, record)
    if (isUrgent) return kept.judging
    let timer: NodeJS.Timeout | undefined
    const moment = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, momentMilliseconds)
    })
    await Promise.race([kept.judging, moment])
    clearTimeout(timer)
  }

  async #judge(kept: Unverified, record: SessionRecord): Promise<void> {
    const { idToken, accessToken } = kept
    try {
      const before = idTokenClaims(record)
      const judged = await this.#provider.judgeRefreshed({ idToken, accessToken, before })
      if (judged.unverifiedIdToken === undefined) kept.verdict = { idToken: judged.idToken }
    } catch (error) {
      if (error instanceof TokenValidationError) kept.verdict = { kind: 'ended', error }
    } finally {
      kept.judging = undefined
    }
  }
}
