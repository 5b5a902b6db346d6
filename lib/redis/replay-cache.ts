import type { ReplayCache } from '../options/bearer/options.js'
import type { RedisOptions } from '../options/redis.js'
import type { RedisClient } from './client.js'
import { redisStoreFor } from './store.js'

/**
 * Remembers DPoP proofs in Redis for all processes of an API: `dpop: { mode, replayCache }` of `bearer()` (RFC 9449
 * section 11.1). While Redis is away no proof is taken: 503.
 *
 * @param client As for {@link redisStore}.
 * @throws {ConfigurationError} `invalid_options`
 */
export function redisReplayCache(client: RedisClient, options: RedisOptions = {}): ReplayCache {
  const sharedStore = redisStoreFor('redisReplayCache()', client, options)
  return { add: (key, ttlSeconds) => sharedStore.add(key, '1', ttlSeconds * 1000) }
}
