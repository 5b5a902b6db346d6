import { ageOf } from '../../base/age.js'
import { outage } from '../../base/outage.js'
import type { Runtime } from '../../base/runtime.js'
import { ConfigurationError } from '../../errors.js'
import { callApplication } from '../application-call.js'

/** Detects keys that were seen before. */
export interface ReplayGuard {
  /** Where the keys are: guards that have the same one find the keys of each other. */
  readonly cache: object
  /**
   * @returns whether the key is new
   * @throws {ProviderError} `provider_unavailable` or `provider_timeout`, or rejects with it, when that cannot be determined: the proof is
   *   then rejected
   */
  add(key: string, ttlSeconds: number): Promise<boolean> | boolean
}

const maxKeys = 100_000
const maxGenerations = 8

/** Keys that arrived within one lifetime of each other, with the time until which each counts. */
interface Generation {
  readonly keys: Map<string, number>
  readonly startedAt: number
  endsAt: number
}

/**
 * Remembers keys in this process, in generations: dropping a whole generation is cheap. When it is full, it rejects new
 * keys instead of forgetting old ones, since a forgotten proof could be replayed. Nor does it forget early when the
 * clock jumps ahead for a moment, or is set back by up to a key's lifetime. Only when the clock is set back farther
 * than that, and more than two lifetimes have gone by, are forgotten proofs valid again; preventing that would mean
 * rejecting all proofs until the clock has caught up.
 */
export class MemoryReplayCache implements ReplayGuard {
  readonly cache = this
  readonly #runtime: Runtime
  readonly #max: number
  #current: Generation
  /** The newest first. */
  #past: readonly Generation[] = []

  constructor(runtime: Runtime, max = maxKeys) {
    this.#runtime = runtime
    this.#max = max
    this.#current = newGeneration(runtime.now())
  }

  add(key: string, ttlSeconds: number): boolean {
    const now = this.#runtime.now()
    const ttl = ttlSeconds * 1000
    if (ageOf(this.#current.startedAt, now) >= ttl) this.#turn(now)
    if (this.#isKnown(key, now)) return false
    const { keys } = this.#current
    if (keys.size >= this.#max) throw outage('provider_unavailable', 'too many DPoP proofs at once', 1)
    keys.set(key, now + ttl)
    this.#current.endsAt = Math.max(this.#current.endsAt, now + ttl)
    return true
  }

  /** How many keys are remembered. */
  get size(): number {
    return [this.#current, ...this.#past].reduce((sum, { keys }) => sum + keys.size, 0)
  }

  // A proof is still valid in its very last millisecond.
  #isKnown(key: string, now: number): boolean {
    const isIn = ({ keys }: Generation): boolean => (keys.get(key) ?? 0) >= now
    return isIn(this.#current) || this.#past.some(isIn)
  }

  // The last two always stay: the clock may be wrong right now.
  #turn(now: number): void {
    const kept = this.#past.filter(({ endsAt }, index) => index === 0 || endsAt >= now)
    this.#past = [this.#current, ...kept].slice(0, maxGenerations)
    this.#current = newGeneration(now)
  }
}

function newGeneration(now: number): Generation {
  return { keys: new Map(), startedAt: now, endsAt: now }
}

/** The application's cache, whose answers may be anything. */
interface PluggedCache {
  add(key: string, ttlSeconds: number): unknown
}

/**
 * Uses the application's cache. A failure or delay is an outage, during which no proof is accepted.
 *
 * @param seconds - deadline of the function
 * @returns a guard that rejects with {@link ConfigurationError} `invalid_options` for any other result than true and false
 */
export function pluggedReplayCache(cache: PluggedCache, seconds: number): ReplayGuard {
  return {
    cache,
    async add(key, ttlSeconds) {
      const isNew = await callApplication(
        'dpop.replayCache',
        () => cache.add(`dpop:1:${key}`, Math.ceil(ttlSeconds)),
        seconds,
      )
      if (typeof isNew === 'boolean') return isNew
      const message = 'bearer(): "dpop.replayCache" must return true if it added the key, and false if it was there'
      throw new ConfigurationError('invalid_options', message)
    },
  }
}
