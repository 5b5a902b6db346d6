import type { Cached } from '../base/cached-document.js'
import type { Keys } from './keys.js'
import type { ProviderHealth, ProviderMetadata } from './types.js'

/** What is known of one authorization server without touching the network. */
export function healthOf(issuer: string, metadata: Cached<ProviderMetadata>, keys: Keys): ProviderHealth {
  const [document, set] = [metadata.freshness(), keys.freshness()]
  const lastFailure = document.lastFailure ?? set.lastFailure
  return {
    issuer,
    metadata: document.state,
    ...(document.ageSeconds === undefined ? {} : { metadataAgeSeconds: document.ageSeconds }),
    keys: set.state,
    ...(set.ageSeconds === undefined ? {} : { keysAgeSeconds: set.ageSeconds }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
  }
}
