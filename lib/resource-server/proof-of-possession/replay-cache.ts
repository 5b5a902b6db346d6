import { outage } from '../../base/outage.js'
import { ProviderError } from '../../errors.js'
import { redactedCause } from '../../base/error-cause.js'
import type { Runtime } from '../../base/runtime.js'

/** Tells keys that were seen before. */
export interface ReplayGuard {
  /**
   * @returns whether the key is new
   * @throws {ProviderError} `provider_unavailable`, or rejects with it, when that cannot be told: no proof is taken then
   */
  add(key: string, ttlSeconds: number): Promise<boolean> | boolean
}

const maxKeys = 100_000
const maxGenerations = 8

/** Keys that came within one lifetime of each other, with the time until when each counts. */
interface Generation {
  readonly keys: Map<string, number>
  readonly startedAt: number
  endsAt: number
}

/**
 * Remembers keys in this process, in generations, so that old ones go at once and cheaply. When it is full, nothing is
 * forgotten early, since a forgotten proof could be used again; nor is it by a clock that jumps ahead for a moment, or that is
 * set back by up to a key's lifetime. A clock that is set back farther, once more than two lifetimes have gone by, makes older
 * proofs good again that are forgotten: to refuse those, all would have to be refused until it is where it was.
 */
export class MemoryReplayCache implements ReplayGuard {
  readonly #runtime: Runtime
  readonly #max: number
  #current: Generation
  /** The last one first. */
  #past: readonly Generation[] = []

  constructor(runtime: Runtime, max = maxKeys) {
    this.#runtime = runtime
    this.#max = max
    this.#current = newGeneration(runtime.now())
  }

  add(key: string, ttlSeconds: number): boolean {
    const now = this.#runtime.now()
    const ttl = ttlSeconds * 1000
    // A clock that was set back must not keep a generation from ending.
    if (Math.abs(now - this.#current.startedAt) >= ttl) this.#turn(now)
    if (this.#isKnown(key, now)) return false
    const { keys } = this.#current
    if (keys.size >= this.#max) throw outage('provider_unavailable', 'too many DPoP proofs at a time', 1)
    keys.set(key, now + ttl)
    this.#current.endsAt = Math.max(this.#current.endsAt, now + ttl)
    return true
  }

  /** How many are remembered. */
  get size(): number {
    return [this.#current, ...this.#past].reduce((sum, { keys }) => sum + keys.size, 0)
  }

  // In its very last millisecond a proof is still good.
  #isKnown(key: string, now: number): boolean {
    const isIn = ({ keys }: Generation): boolean => (keys.get(key) ?? 0) >= now
    return isIn(this.#current) || this.#past.some(isIn)
  }

  // The two last ones stay whatever the clock says: it may be wrong now.
  #turn(now: number): void {
    const kept = this.#past.filter(({ endsAt }, index) => index === 0 || endsAt >= now)
    this.#past = [this.#current, ...kept].slice(0, maxGenerations)
    this.#current = newGeneration(now)
  }
}

function newGeneration(now: number): Generation {
  return { keys: new Map(), startedAt: now, endsAt: now }
}

/** Asks the application's cache. Only a clear `true` means new, and a failure is an outage: nothing is let in meanwhile. */
export function pluggedReplayCache(add: (key: string, ttlSeconds: number) => unknown): ReplayGuard {
  return {
    async add(key, ttlSeconds) {
      try {
        return (await add(`dpop:${key}`, Math.ceil(ttlSeconds))) === true
      } catch (error) {
        if (error instanceof ProviderError) throw error
        throw outage('provider_unavailable', 'the replay cache for DPoP failed', undefined, redactedCause(error))
      }
    },
  }
}
