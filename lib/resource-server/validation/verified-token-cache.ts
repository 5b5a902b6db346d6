import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Runtime } from '../../base/runtime.js'
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
export class VerifiedTokenCache {
  readonly #entries: LRUCache<string, Entry>
  readonly #admission: Admission
  readonly #ttl: number
  readonly #runtime: Runtime

  constructor({ maxEntries, ttlSeconds }: TokenCacheSettings, runtime: Runtime) {
    this.#entries = new LRUCache({ max: maxEntries })
    this.#admission = new Admission(maxEntries)
    this.#ttl = ttlSeconds * 1000
    this.#runtime = runtime
  }

  /** The token, if it is known and its keys are still the same. */
  get(token: string): SignedToken | undefined {
    const entry = this.#entries.get(token.slice(-tailLength))
    if (entry === undefined || entry.signed.generation !== entry.signed.keys.generation) return undefined
    // A clock that was set back must not make an entry younger than it is.
    if (Math.abs(this.#runtime.now() - entry.verifiedAt) >= this.#ttl) return undefined
    return fingerprint(token) === entry.fingerprint ? entry.signed : undefined
  }

  /** Remembers a token, if it is seen again. */
  offer(token: string, signed: SignedToken): void {
    const tail = token.slice(-tailLength)
    if (!this.#entries.has(tail) && !this.#admission.admits(tail)) return
    this.#entries.set(tail, { fingerprint: fingerprint(token), signed, verifiedAt: this.#runtime.now() })
  }

  /** How many are remembered. */
  get size(): number {
    return this.#entries.size
  }
}

function fingerprint(token: string): string {
  return hash('sha256', token, 'binary')
}

const slotsPerBucket = 2
const luckyShare = 64
// The golden ratio's 32 bits (Knuth, The Art of Computer Programming, section 6.4).
const spread = 0x9e3779b1

/**
 * Lets a key into a cache when it is seen a second time, so that what is seen once costs no room. Two keys of the same
 * bucket remember each other's places; one in 64 gets in at first sight, so that no crowd can keep a key out for ever.
 */
export class Admission {
  readonly #prints: Int32Array
  readonly #shift: number
  #count = 0

  /** @param size How many keys are remembered, about. */
  constructor(size: number) {
    const bits = Math.ceil(Math.log2(Math.max(16, size)))
    this.#shift = 32 - bits
    this.#prints = new Int32Array(2 ** bits * slotsPerBucket)
  }

  /** @param key At least 12 characters out of a hash or a signature, in base64url or as bytes. */
  admits(key: string): boolean {
    const prints = this.#prints
    // Base64url uses a part of each byte only: multiplying spreads it over the upper bits.
    const print = (word(key, 0) ^ Math.imul(word(key, 8), spread)) | 1
    const slot = (Math.imul(word(key, 4), spread) >>> this.#shift) * slotsPerBucket
    if (prints[slot] === print || prints[slot + 1] === print) return true
    prints[slot + 1] = prints[slot] ?? 0
    prints[slot] = print
    this.#count = (this.#count + 1) % luckyShare
    return this.#count === 0
  }
}

function word(key: string, at: number): number {
  return (
    key.charCodeAt(at) | (key.charCodeAt(at + 1) << 8) | (key.charCodeAt(at + 2) << 16) | (key.charCodeAt(at + 3) << 24)
  )
}
