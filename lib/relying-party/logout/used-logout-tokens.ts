import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import type { SharedStore } from '../../options/common/stores.js'

/** Remembers used logout tokens by their `jti`. */
export interface UsedLogoutTokens {
  /** @throws {SessionError} `session_store_unavailable`, or whatever the application's memory rejects with */
  has(jti: string): MaybePromise<boolean>
  /**
   * Adds a token; returns whether it was new.
   *
   * @throws {SessionError} `session_store_unavailable`, or whatever the application's memory rejects with
   */
  add(jti: string, milliseconds: number): MaybePromise<boolean>
}

// Only tokens that the provider signed get this far, so no one else can evict entries.
const maxTokens = 10_000

/** Remembers tokens in this process only. */
export function usedLogoutTokensInProcess(runtime: Runtime): UsedLogoutTokens {
  const seen = new LRUCache<string, true>({ max: maxTokens, ttl: 1, perf: runtime, ttlResolution: 0 })
  return {
    has: (jti) => seen.has(jti),
    add(jti, milliseconds) {
      if (seen.has(jti)) return false
      seen.set(jti, true, { ttl: milliseconds })
      return true
    },
  }
}

/**
 * Remembers tokens in the store that all processes share. Names are hashed, since a `jti` may contain any characters,
 * and other applications may use the same store.
 *
 * @param audience - distinguishes this application from others: issuer and client
 */
export function sharedUsedLogoutTokens(sharedStore: SharedStore, audience: readonly string[]): UsedLogoutTokens {
  const nameOf = (jti: string): string => `logout:${hash('sha256', JSON.stringify([audience, jti]), 'base64url')}`
  return {
    has: async (jti) => (await sharedStore.get([nameOf(jti)]))[0] !== undefined,
    add: (jti, milliseconds) => sharedStore.add(nameOf(jti), '1', milliseconds),
  }
}
