import { LRUCache } from 'lru-cache'
import type { Platform } from '../options/platform.js'
import { Admission } from './admission.js'
import type { SignedToken } from './types.js'

/** How much is remembered, and how long at most. */
export interface TokenCacheSettings {
  readonly maxEntries: number
  readonly ttlSeconds: number
}

interface Entry {
  readonly signed: SignedToken
  readonly verifiedAt: number
}

/**
 * Tokens whose signature and claims held, by their SHA-256: neither failures nor the tokens themselves are kept. An entry
 * serves until its time is over, or the issuer's keys change. The caller judges the token's own times on each hit.
 */
export class TokenCache {
  readonly #entries: LRUCache<string, Entry>
  readonly #admission: Admission
  readonly #ttl: number
  readonly #platform: Platform

  constructor({ maxEntries, ttlSeconds }: TokenCacheSettings, platform: Platform) {
    this.#entries = new LRUCache({ max: maxEntries })
    this.#admission = new Admission(maxEntries)
    this.#ttl = ttlSeconds * 1000
    this.#platform = platform
  }

  /** The token, if it is known and its keys are still the same. */
  get(key: string): SignedToken | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.signed.generation !== entry.signed.keys.generation) return undefined
    // A clock that was set back must not make an entry younger than it is.
    return Math.abs(this.#platform.now() - entry.verifiedAt) < this.#ttl ? entry.signed : undefined
  }

  /** Remembers a token, if it is seen again. */
  offer(key: string, signed: SignedToken): void {
    if (!this.#entries.has(key) && !this.#admission.admits(key)) return
    this.#entries.set(key, { signed, verifiedAt: this.#platform.now() })
  }

  /** How many are remembered. */
  get size(): number {
    return this.#entries.size
  }
}
