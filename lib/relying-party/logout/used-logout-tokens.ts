import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import type { SharedStore } from '../../options/common/stores.js'

/** Remembers logout tokens that have done their work, by their `jti`. */
export interface UsedLogoutTokens {
  /** @throws {SessionError} `session_store_unavailable`, or whatever the application's memory rejects with */
  has(jti: string): MaybePromise<boolean>
  /**
   * Returns whether it was new.
   *
   * @throws {SessionError} `session_store_unavailable`, or whatever the application's memory rejects with
   */
  add(jti: string, milliseconds: number): MaybePromise<boolean>
}

// Only the provider can make logout tokens that get this far, so that nobody else pushes one out.
const maxTokens = 10_000

/** What one process remembers. */
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
 * What all processes of an application remember. Names are hashed: a `jti` may hold any character, and other
 * applications may use the same memory.
 *
 * @param audience - what tells this application from those: issuer and client
 */
export function sharedUsedLogoutTokens(sharedStore: SharedStore, audience: readonly string[]): UsedLogoutTokens {
  const nameOf = (jti: string): string => `logout:${hash('sha256', JSON.stringify([audience, jti]), 'base64url')}`
  return {
    has: async (jti) => (await sharedStore.get([nameOf(jti)]))[0] !== undefined,
    add: (jti, milliseconds) => sharedStore.add(nameOf(jti), '1', milliseconds),
  }
}
