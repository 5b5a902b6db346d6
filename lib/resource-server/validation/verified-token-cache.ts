import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { ageOf } from '../../base/age.js'
import type { Runtime } from '../../base/runtime.js'
import type { SignedToken } from '../types.js'

/** The limits of a {@link VerifiedTokenCache}. */
interface TokenCacheSettings {
  readonly maxEntries: number
  readonly ttlSeconds: number
}

interface Entry {
  readonly fingerprint: string
  readonly signed: SignedToken
  readonly verifiedAt: number
}

// In characters of six bits of the signature. At 13 or more, V8's slice would keep the whole token in memory.
const tailLength = 12

/**
 * Caches verified tokens by their SHA-256. It keeps neither failures nor the tokens themselves. An entry is valid until
 * its time is over or the issuer's keys change. The caller checks the token's `exp` and `nbf` on each hit.
 *
 * Entries are looked up by the token's last characters, so a new token costs no hash. Only the hash of the whole token
 * decides that it is the same.
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

  /** The verified token, if it is cached and the issuer's keys have not changed. */
  get(token: string): SignedToken | undefined {
    const entry = this.#entries.get(token.slice(-tailLength))
    if (entry === undefined || entry.signed.generation !== entry.signed.keys.generation) return undefined
    if (ageOf(entry.verifiedAt, this.#runtime.now()) >= this.#ttl) return undefined
    return fingerprint(token) === entry.fingerprint ? entry.signed : undefined
  }

  /** Caches a token once it is seen for the second time. */
  offer(token: string, signed: SignedToken): void {
    const tail = token.slice(-tailLength)
    if (!this.#entries.has(tail) && !this.#admission.admits(tail)) return
    this.#entries.set(tail, { fingerprint: fingerprint(token), signed, verifiedAt: this.#runtime.now() })
  }

  /** How many tokens are cached. */
  get size(): number {
    return this.#entries.size
  }
}

function fingerprint(token: string): string {
  return hash('sha256', token, 'binary')
}

const slotsPerBucket = 2
const luckyShare = 64
// 2^32 divided by the golden ratio, for multiplicative hashing (Knuth, The Art of Computer Programming, section 6.4).
const spread = 0x9e3779b1

/**
 * The cache's admission filter (a "doorkeeper" in the TinyLFU paper): admits a key when it is seen for the second time,
 * so tokens that are used once take no room in the cache. It is a hash table with buckets of two slots, where a new key
 * evicts the older one. One key in 64 is admitted at first sight; otherwise a crowd of keys in one bucket could keep a
 * key out forever.
 */
class Admission {
  readonly #prints: Int32Array
  readonly #shift: number
  #count = 0

  /** @param size Approximate number of keys to remember. */
  constructor(size: number) {
    const bits = Math.ceil(Math.log2(Math.max(16, size)))
    this.#shift = 32 - bits
    this.#prints = new Int32Array(2 ** bits * slotsPerBucket)
  }

  /** @param key At least 12 characters of a hash or a signature, in base64url or as bytes. */
  admits(key: string): boolean {
    const prints = this.#prints
    // Base64url uses only part of each byte; multiplying spreads it over the upper bits.
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
