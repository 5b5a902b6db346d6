import { LRUCache } from 'lru-cache'
import { createGrowingCache } from '../../base/cache/growing-cache.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import { storeName } from '../../base/store/store-name.js'
import type { SharedStore } from '../../options/common/stores.js'

/** Remembers IDs that count once: the `jti` of a token, a registration or a challenge of a device. */
export interface UsedIds {
  /** @throws {SessionError} `session_store_unavailable` */
  has(id: string): MaybePromise<boolean>
  /**
   * Adds an ID; returns whether it was new.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  add(id: string, milliseconds: number): MaybePromise<boolean>
}

// Only what the provider or this application has signed gets this far, so no one else can evict entries.
const maxIds = 10_000
const maxCaches = 10_000

/**
 * Remembers IDs in this process only. Each purpose has its own cache: the IDs of one cannot evict those of another.
 *
 * @returns the cache for a purpose, such as the logout tokens of a relying party
 */
export function usedIdsInProcess(runtime: Runtime): (key: readonly string[]) => UsedIds {
  const caches = new LRUCache<string, LRUCache<string, true>>({
    maxSize: maxCaches,
    sizeCalculation: () => 1,
  })
  return (key) => {
    const name = JSON.stringify(key)
    return {
      has: (id) => caches.get(name)?.has(id) === true,
      add(id, milliseconds) {
        const seen = caches.get(name) ?? createGrowingCache<true>({ max: maxIds, milliseconds: 1, runtime })
        if (seen.has(id)) return false
        seen.set(id, true, { ttl: milliseconds })
        caches.set(name, seen)
        return true
      },
    }
  }
}

/**
 * Remembers IDs in the store that all processes share; other applications may use the same one.
 *
 * @param audience - the purpose, such as the logout tokens of a relying party
 */
export function sharedUsedIds(sharedStore: SharedStore, audience: readonly string[]): UsedIds {
  const nameOf = (id: string): string => storeName('logout', [audience, id])
  return {
    has: async (id) => (await sharedStore.get([nameOf(id)]))[0] !== undefined,
    add: (id, milliseconds) => sharedStore.add(nameOf(id), '1', milliseconds),
  }
}
