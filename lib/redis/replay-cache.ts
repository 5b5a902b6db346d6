import type { ReplayCache } from '../options/bearer/options.js'
import type { RedisOptions } from '../options/redis.js'
import type { RedisClient } from './client.js'
import { redisStoreFor } from './store.js'

/**
 * Creates a replay cache for DPoP proofs that all processes of an API share, for the option `dpop.replayCache` of
 * `bearer()` (RFC 9449 section 11.1). While Redis is unavailable, no proof is accepted: requests get 503.
 *
 * @param client As for {@link redisStore}.
 * @throws {ConfigurationError} `invalid_options`
 */
export function redisReplayCache(client: RedisClient, options: RedisOptions = {}): ReplayCache {
  const sharedStore = redisStoreFor('redisReplayCache()', client, options)
  return { add: (key, ttlSeconds) => sharedStore.add(key, '1', ttlSeconds * 1000) }
}
