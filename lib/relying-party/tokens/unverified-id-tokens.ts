import type { LRUCache } from 'lru-cache'
import { createGrowingCache } from '../../base/cache/growing-cache.js'
import type { Runtime } from '../../base/runtime.js'
import { isDoneWithin } from '../../base/timers/deadline.js'
import type { Provider } from '../../provider/provider.js'
import type { RefreshedTokens } from '../../provider/types.js'
import { idTokenClaims } from '../../session/claims.js'
import { generationOf } from '../../session/merge.js'
import type { SessionRecord } from '../../session/record.js'
import type { RefreshOutcome } from './refreshes.js'
import { isVerdict } from './refused-refreshes.js'

const maxKept = 10_000
const maxMilliseconds = 3_600_000
const momentMilliseconds = 250

type Ended = RefreshOutcome & { readonly kind: 'ended' }

interface Unverified {
  readonly idToken: string
  readonly accessToken: string | undefined
  /** Generation of the tokens that it came with: after a later refresh it is outdated. */
  readonly generation: number
  /** The validation in progress. */
  validating?: Promise<void> | undefined
  /** The result: a valid ID Token, a rejected one, or the end of the session. */
  verdict?: { readonly idToken?: string | undefined } | Ended
}

/**
 * Keeps ID Tokens of refreshes whose signature could not be verified because the provider's keys were unavailable. They
 * are not used until this process has validated them with a later request of their session, within an hour. Other
 * processes, or this one after a restart, keep using the previous ID Token.
 */
export class UnverifiedIdTokens {
  readonly #provider: Pick<Provider, 'checkRefreshedIdToken'>
  readonly #kept: LRUCache<string, Unverified>

  constructor(provider: Pick<Provider, 'checkRefreshedIdToken'>, runtime: Runtime) {
    this.#provider = provider
    this.#kept = createGrowingCache({ max: maxKept, milliseconds: maxMilliseconds, runtime })
  }

  /** Keeps a refresh's ID Token if it has to be validated later; otherwise forgets the previous one. */
  keep({ id, tokens }: SessionRecord, { unverifiedIdToken: idToken, accessToken }: RefreshedTokens): void {
    if (idToken === undefined) this.#kept.delete(id)
    else this.#kept.set(id, { idToken, accessToken, generation: generationOf(tokens) + 1 })
  }

  has({ id }: SessionRecord): boolean {
    return this.#kept.size > 0 && this.#kept.has(id)
  }

  /** Forgets an ended session. */
  forget({ id }: SessionRecord): void {
    this.#kept.delete(id)
  }

  /**
   * Validates a session's ID Token.
   *
   * @param isUrgent - whether to wait for the keys as long as it takes; otherwise it waits for a moment, and continues
   *   in the background
   * @returns the record with the new ID Token; the same record if it was rejected, or cannot be validated yet; or the
   *   end of the session, for a token that is about another login, not from the issuer, or of a tenant that is not accepted
   */
  async validate(record: SessionRecord, isUrgent: boolean): Promise<SessionRecord | Ended> {
    const kept = this.#kept.get(record.id)
    if (kept === undefined || kept.generation !== generationOf(record.tokens)) return record
    if (kept.verdict === undefined) await this.#wait(kept, record, isUrgent)
    const { verdict } = kept
    if (verdict === undefined) return record
    if (this.#kept.get(record.id) === kept) this.#kept.delete(record.id)
    if ('kind' in verdict) return verdict
    return verdict.idToken === undefined ? record : { ...record, idToken: verdict.idToken }
  }

  // A caller with a valid token does not wait if another call has started the validation.
  async #wait(kept: Unverified, record: SessionRecord, isUrgent: boolean): Promise<void> {
    if (!isUrgent && kept.validating !== undefined) return
    kept.validating ??= this.#validate(kept, record)
    if (isUrgent) return kept.validating
    await isDoneWithin(kept.validating, momentMilliseconds)
  }

  async #validate(kept: Unverified, record: SessionRecord): Promise<void> {
    const { idToken, accessToken } = kept
    try {
      const before = idTokenClaims(record)
      const checked = await this.#provider.checkRefreshedIdToken({ idToken, accessToken, before })
      if (checked.unverifiedIdToken === undefined) kept.verdict = { idToken: checked.idToken }
    } catch (error) {
      if (isVerdict(error)) kept.verdict = { kind: 'ended', error }
    } finally {
      kept.validating = undefined
    }
  }
}
