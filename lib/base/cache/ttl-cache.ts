import type { LRUCache } from 'lru-cache'
import { ageOf } from '../age.js'
import type { Runtime } from '../runtime.js'
import { createGrowingCache } from './growing-cache.js'

/** How many entries are kept, and for how long. */
interface TtlCacheSettings {
  readonly max: number
  readonly milliseconds: number
  readonly runtime: Runtime
}

interface Entry<Value> {
  readonly value: Value
  readonly at: number
  readonly milliseconds: number
}

/**
 * A bounded cache for what must not last longer than it is said, such as a pause: a clock that is set back ends it. The lifetimes
 * of LRUCache last for as long as the clock was set back, which suits only what must not be forgotten too early.
 */
export class TtlCache<Value> {
  readonly #entries: LRUCache<string, Entry<Value>>
  readonly #milliseconds: number
  readonly #runtime: Runtime

  constructor({ max, milliseconds, runtime }: TtlCacheSettings) {
    this.#entries = createGrowingCache({ max, runtime })
    this.#milliseconds = milliseconds
    this.#runtime = runtime
  }

  get(key: string): Value | undefined {
    return this.#living(key)?.value
  }

  has(key: string): boolean {
    return this.#living(key) !== undefined
  }

  set(key: string, value: Value, milliseconds = this.#milliseconds): void {
    this.#entries.set(key, { value, at: this.#runtime.now(), milliseconds })
  }

  /** Milliseconds until an entry ends: no more than it was given, and 0 if there is none. */
  remaining(key: string): number {
    const entry = this.#living(key)
    return entry === undefined ? 0 : entry.milliseconds - ageOf(entry.at, this.#runtime.now())
  }

  // What has ended is removed, or it would begin again where the clock was set back and comes past that moment.
  #living(key: string): Entry<Value> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || ageOf(entry.at, this.#runtime.now()) < entry.milliseconds) return entry
    this.#entries.delete(key)
    return undefined
  }
}
