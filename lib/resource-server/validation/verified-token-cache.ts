import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Platform } from '../../base/runtime.js'
import { Admission } from './admission.js'
import type { SignedToken } from '../types.js'

/** How much is remembered, and how long at most. */
export interface TokenCacheSettings {
  readonly maxEntries: number
  readonly ttlSeconds: number
}

interface Entry {
  readonly fingerprint: string
  readonly signed: SignedToken
  readonly verifiedAt: number
}

// Characters, each six bits of the signature. Less than 13, or V8 would keep the whole token for the sake of its end.
const tailLength = 12

/**
 * Tokens whose signature and claims held, by their SHA-256: neither failures nor the tokens themselves are kept. An entry
 * serves until its time is over, or the issuer's keys change. The caller judges the token's own times on each hit.
 *
 * The token's end finds the entry, so that a token which was never seen costs no hash; only the hash of the whole token
 * says that it is the same.
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
  get(token: string): SignedToken | undefined {
    const entry = this.#entries.get(token.slice(-tailLength))
    if (entry === undefined || entry.signed.generation !== entry.signed.keys.generation) return undefined
    // A clock that was set back must not make an entry younger than it is.
    if (Math.abs(this.#platform.now() - entry.verifiedAt) >= this.#ttl) return undefined
    return fingerprint(token) === entry.fingerprint ? entry.signed : undefined
  }

  /** Remembers a token, if it is seen again. */
  offer(token: string, signed: SignedToken): void {
    const tail = token.slice(-tailLength)
    if (!this.#entries.has(tail) && !this.#admission.admits(tail)) return
    this.#entries.set(tail, { fingerprint: fingerprint(token), signed, verifiedAt: this.#platform.now() })
  }

  /** How many are remembered. */
  get size(): number {
    return this.#entries.size
  }
}

function fingerprint(token: string): string {
  return hash('sha256', token, 'binary')
}
