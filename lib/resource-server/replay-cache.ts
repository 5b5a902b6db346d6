import { ProviderError } from '../errors.js'
import { traceOf } from '../options/error-trace.js'
import type { Platform } from '../options/platform.js'
import { outage } from '../provider/failures.js'

/** Tells keys that were seen before. */
export interface ReplayGuard {
  /**
   * @returns whether the key is new
   * @throws {ProviderError} `provider_unavailable`, or rejects with it, when that cannot be told: no proof is taken then
   */
  add(key: string, ttlSeconds: number): Promise<boolean> | boolean
}

const maxKeys = 100_000

/**
 * Remembers keys in this process: two generations, so that old ones go at once and cheaply. When it is full, nothing is
 * forgotten early, since a forgotten proof could be used again.
 */
export class MemoryReplayCache implements ReplayGuard {
  readonly #platform: Platform
  readonly #max: number
  #current = new Map<string, number>()
  #previous = new Map<string, number>()
  #turnedAt: number

  constructor(platform: Platform, max = maxKeys) {
    this.#platform = platform
    this.#max = max
    this.#turnedAt = platform.now()
  }

  add(key: string, ttlSeconds: number): boolean {
    const now = this.#platform.now()
    const ttl = ttlSeconds * 1000
    if (now - this.#turnedAt >= ttl) this.#turn(now, ttl)
    if (this.#isKnown(key, now)) return false
    if (this.#current.size >= this.#max) throw outage('provider_unavailable', 'too many DPoP proofs at a time', 1)
    this.#current.set(key, now + ttl)
    return true
  }

  /** How many are remembered. */
  get size(): number {
    return this.#current.size + this.#previous.size
  }

  #isKnown(key: string, now: number): boolean {
    // In its very last millisecond a proof is still good.
    return (this.#current.get(key) ?? 0) >= now || (this.#previous.get(key) ?? 0) >= now
  }

  #turn(now: number, ttl: number): void {
    this.#previous = now - this.#turnedAt >= 2 * ttl ? new Map<string, number>() : this.#current
    this.#current = new Map()
    this.#turnedAt = now
  }
}

/** Asks the application's cache. Only a clear `true` means new, and a failure is an outage: nothing is let in meanwhile. */
export function pluggedReplayCache(add: (key: string, ttlSeconds: number) => unknown): ReplayGuard {
  return {
    async add(key, ttlSeconds) {
      try {
        return (await add(`dpop:${key}`, Math.ceil(ttlSeconds))) === true
      } catch (error) {
        if (error instanceof ProviderError) throw error
        throw outage('provider_unavailable', 'the replay cache for DPoP failed', undefined, traceOf(error))
      }
    },
  }
}
