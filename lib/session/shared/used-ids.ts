import { LRUCache } from 'lru-cache'
import { createGrowingCache } from '../../base/cache/growing-cache.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import { storeName } from '../../base/store/store-name.js'
import type { SharedStore } from '../../options/common/stores.js'

/** Remembers used logout tokens by their `jti`. */
export interface UsedLogoutTokens {
  /** @throws {SessionError} `session_store_unavailable`, or whatever the application's shared store rejects with */
  has(jti: string): MaybePromise<boolean>
  /**
   * Adds a token; returns whether it was new.
   *
   * @throws {SessionError} `session_store_unavailable`, or whatever the application's shared store rejects with
   */
  add(jti: string, milliseconds: number): MaybePromise<boolean>
}

// Only tokens that the provider signed get this far, so no one else can evict entries.
const maxTokens = 10_000
const maxRelyingParties = 10_000

/**
 * Remembers tokens in this process only. Each relying party has its own cache: the tokens of one cannot fill another's.
 *
 * @returns the cache for the key of a relying party
 */
export function usedLogoutTokensInProcess(runtime: Runtime): (key: readonly string[]) => UsedLogoutTokens {
  const caches = new LRUCache<string, LRUCache<string, true>>({
    maxSize: maxRelyingParties,
    sizeCalculation: () => 1,
  })
  return (key) => {
    const name = JSON.stringify(key)
    return {
      has: (jti) => caches.get(name)?.has(jti) === true,
      add(jti, milliseconds) {
        const seen = caches.get(name) ?? createGrowingCache<true>({ max: maxTokens, milliseconds: 1, runtime })
        if (seen.has(jti)) return false
        seen.set(jti, true, { ttl: milliseconds })
        caches.set(name, seen)
        return true
      },
    }
  }
}

/**
 * Remembers tokens in the store that all processes share; other applications may use the same one.
 *
 * @param audience - the key of the relying party
 */
export function sharedUsedLogoutTokens(sharedStore: SharedStore, audience: readonly string[]): UsedLogoutTokens {
  const nameOf = (jti: string): string => storeName('logout', [audience, jti])
  return {
    has: async (jti) => (await sharedStore.get([nameOf(jti)]))[0] !== undefined,
    add: (jti, milliseconds) => sharedStore.add(nameOf(jti), '1', milliseconds),
  }
}
