import type { LRUCache } from 'lru-cache'
import { createGrowingCache } from '../base/cache/growing-cache.js'
import { Backoff, failureOf, outage } from '../base/outage.js'
import { TokenBucket } from '../base/rate-limit.js'
import type { Runtime } from '../base/runtime.js'
import type { CachedToken } from './token-lifetime.js'

/** One cache entry: a token, the request that fetches it, and the failures so far. */
interface Slot {
  token?: CachedToken | undefined
  flight?: Promise<string> | undefined
  readonly backoff: Backoff
  drops?: TokenBucket
}

// An API that refuses every token must not turn each call into a token request.
const dropLimit = { burst: 5, refillSeconds: 10 }

/**
 * A bounded cache of access tokens, with at most one request per key at a time. Tokens are renewed before they expire;
 * while the provider is down, they are returned until they do. After repeated failures, callers get the last error
 * without a new request until the next try is due.
 */
export class AccessTokenCache {
  readonly #slots: LRUCache<string, Slot>
  readonly #runtime: Runtime
  #closed = false

  constructor(maxEntries: number, runtime: Runtime) {
    this.#slots = createGrowingCache({ max: maxEntries, runtime })
    this.#runtime = runtime
  }

  /**
   * Returns the token for a key: a string if it is cached, otherwise a promise.
   *
   * @param obtain - fetches a token from the provider
   * @throws {OidcError} what `obtain` rejected with; after repeated failures without calling it, until the next try is
   *   due
   */
  get(key: string, obtain: () => Promise<CachedToken>): string | Promise<string> {
    const slot = this.#slot(key)
    const { token } = slot
    const now = this.#runtime.now()
    if (token === undefined || now >= token.expiresAt) return this.#demand(slot, obtain)
    // If the clock was set back, the time left is unknown, so the token is renewed.
    if (now < token.renewAt && now >= token.obtainedAt) return token.value
    if (slot.flight === undefined && slot.backoff.waitSeconds() > 0) return token.value
    const renewal = this.#renew(slot, obtain)
    const fallback = renewal.catch((error: unknown) => {
      if (this.#runtime.now() < token.expiresAt && slot.token === token) return token.value
      throw error
    })
    if (now >= token.awaitAt) return fallback
    fallback.catch(() => undefined)
    return token.value
  }

  /** Forgets a token that was rejected. If it has been replaced already, its successor stays. */
  drop(value: string): void {
    for (const slot of this.#holders(value)) {
      slot.drops ??= new TokenBucket(this.#runtime, dropLimit)
      if (slot.drops.take()) slot.token = undefined
    }
  }

  /**
   * Forgets a token. Unlike {@link drop}, this is not rate-limited.
   *
   * @returns the keys that it was cached under
   */
  forget(value: string): readonly string[] {
    const held = [...this.#slots.entries()].filter(([, { token }]) => token?.value === value)
    for (const [, slot] of held) slot.token = undefined
    return held.map(([key]) => key)
  }

  /** Forgets all tokens. */
  clear(): void {
    this.#slots.clear()
  }

  /** Forgets all tokens, for good. */
  close(): void {
    this.#closed = true
    this.#slots.clear()
  }

  #holders(value: string): Slot[] {
    return [...this.#slots.values()].filter(({ token }) => token?.value === value)
  }

  #slot(key: string): Slot {
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    const slot: Slot = { backoff: new Backoff(this.#runtime) }
    this.#slots.set(key, slot)
    return slot
  }

  // One failure may be a hiccup. After two the provider is down, and callers should not wait for it.
  async #demand(slot: Slot, obtain: () => Promise<CachedToken>): Promise<string> {
    if (slot.flight === undefined && slot.backoff.failures > 1) slot.backoff.requireTurn()
    return this.#renew(slot, obtain)
  }

  #renew(slot: Slot, obtain: () => Promise<CachedToken>): Promise<string> {
    slot.flight ??= slot.backoff
      .run(() => this.#obtain(slot, obtain))
      .finally(() => {
        slot.flight = undefined
      })
    return slot.flight
  }

  async #obtain(slot: Slot, obtain: () => Promise<CachedToken>): Promise<string> {
    try {
      if (this.#closed) throw outage('provider_unreachable', 'the token source is closed')
      const token = await obtain()
      slot.token = token
      return token.value
    } catch (error) {
      throw failureOf(error)
    }
  }
}
