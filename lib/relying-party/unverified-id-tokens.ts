import { LRUCache } from 'lru-cache'
import { TokenValidationError } from '../errors.js'
import type { Provider } from '../provider/provider.js'
import type { RefreshedTokens } from '../provider/types.js'
import { idTokenClaims } from '../session/claims.js'
import { generationOf } from '../session/merged-tokens.js'
import type { SessionRecord } from '../session/record.js'
import type { RefreshOutcome } from './refresh-memory.js'

const mostKept = 10_000

interface Unverified {
  readonly idToken: string
  readonly accessToken: string
  /** Of the tokens that it came with: a later refresh has brought a later one, or none. */
  readonly generation: number
}

/**
 * ID Tokens of refreshes that came while the provider's keys could not be asked for. Nothing in them is shown; this process
 * judges them with a later use of their session. Another process, or this one after a restart, goes on with the ID Token
 * that was there.
 */
export class UnverifiedIdTokens {
  readonly #provider: Pick<Provider, 'judgeRefreshed'>
  readonly #kept = new LRUCache<string, Unverified>({ max: mostKept })

  constructor(provider: Pick<Provider, 'judgeRefreshed'>) {
    this.#provider = provider
  }

  /** Keeps what a refresh has brought, if it is to be judged later, in the place of what the one before has brought. */
  keep({ id, tokens }: SessionRecord, { unverifiedIdToken: idToken, accessToken }: RefreshedTokens): void {
    if (idToken === undefined) this.#kept.delete(id)
    else this.#kept.set(id, { idToken, accessToken, generation: generationOf(tokens) + 1 })
  }

  has({ id }: SessionRecord): boolean {
    return this.#kept.size > 0 && this.#kept.has(id)
  }

  /**
   * Judges it.
   *
   * @returns the record with the new ID Token, the same record where it cannot be taken, now or ever; or the end of the
   *   session, for a token that is not from the issuer or about another login
   */
  async judge(record: SessionRecord): Promise<SessionRecord | (RefreshOutcome & { readonly kind: 'ended' })> {
    const kept = this.#kept.get(record.id)
    if (kept === undefined || kept.generation !== generationOf(record.tokens)) return record
    try {
      const { idToken, unverifiedIdToken } = await this.#provider.judgeRefreshed({
        ...kept,
        before: idTokenClaims(record),
      })
      if (unverifiedIdToken === undefined) this.#kept.delete(record.id)
      return idToken === undefined ? record : { ...record, idToken }
    } catch (error) {
      if (!(error instanceof TokenValidationError)) return record
      this.#kept.delete(record.id)
      return { kind: 'ended', error }
    }
  }
}
