import { LRUCache } from 'lru-cache'
import type { Runtime } from '../runtime.js'

/** How many entries are kept, and for how long. */
interface GrowingCacheSettings {
  readonly max: number
  readonly milliseconds?: number
  readonly runtime: Runtime
}

/**
 * Creates a bounded cache that takes memory as it fills. A cache with the option `max` takes all of it when it is created, which
 * is 375 kB for 10,000 entries: too much where there is one for each of many providers.
 */
export function createGrowingCache<Value extends object | string | number | true>({
  max,
  milliseconds,
  runtime,
}: GrowingCacheSettings): LRUCache<string, Value> {
  const lifetime = milliseconds === undefined ? {} : { ttl: milliseconds, perf: runtime, ttlResolution: 0 }
  return new LRUCache({ maxSize: max, sizeCalculation: () => 1, ...lifetime })
}
