import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { ageOf } from '../../base/age.js'
import { Admission } from '../../base/cache/admission.js'
import type { Runtime } from '../../base/runtime.js'
import type { SignedToken } from '../types.js'

/** The limits of a {@link VerifiedTokenCache}. */
interface TokenCacheSettings {
  readonly maxEntries: number
  readonly ttlSeconds: number
}

interface Entry {
  readonly digest: string
  readonly signed: SignedToken
  readonly verifiedAt: number
}

// In characters of six bits of the signature. At 13 or more, V8's slice would keep the whole token in memory.
const tailLength = 12

/**
 * Caches verified tokens by their SHA-256. It keeps neither failures nor the tokens themselves. An entry is valid until
 * its time is over, or the issuer's keys change, or the issuer itself, which a resolver can replace. The caller checks the token's `exp` and `nbf` on each hit.
 *
 * Entries are looked up by the token's last characters, so a new token costs no hash. Only the hash of the whole token
 * decides that it is the same.
 */
export class VerifiedTokenCache {
  readonly #entries: LRUCache<string, Entry>
  readonly #admission: Admission
  readonly #ttl: number
  readonly #runtime: Runtime
  readonly #isCurrent: ((signed: SignedToken) => boolean) | undefined

  /** @param isCurrent - whether the issuer that verified a token is still the one to judge it; by default it always is */
  constructor(
    { maxEntries, ttlSeconds }: TokenCacheSettings,
    runtime: Runtime,
    isCurrent?: (signed: SignedToken) => boolean,
  ) {
    this.#entries = new LRUCache({ max: maxEntries })
    this.#admission = new Admission(maxEntries)
    this.#ttl = ttlSeconds * 1000
    this.#runtime = runtime
    this.#isCurrent = isCurrent
  }

  /** The verified token, if it is cached, and neither the issuer nor its keys have changed. */
  get(token: string): SignedToken | undefined {
    const entry = this.#entries.get(token.slice(-tailLength))
    if (entry === undefined || entry.signed.generation !== entry.signed.keys.generation) return undefined
    if (ageOf(entry.verifiedAt, this.#runtime.now()) >= this.#ttl) return undefined
    if (this.#isCurrent?.(entry.signed) === false) return undefined
    return digestOf(token) === entry.digest ? entry.signed : undefined
  }

  /** Caches a token once it is seen for the second time. */
  offer(token: string, signed: SignedToken): void {
    const tail = token.slice(-tailLength)
    if (!this.#entries.has(tail) && !this.#admission.admits(tail)) return
    this.#entries.set(tail, { digest: digestOf(token), signed, verifiedAt: this.#runtime.now() })
  }

  /** How many tokens are cached. */
  get size(): number {
    return this.#entries.size
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'binary')
}
