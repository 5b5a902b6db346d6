import type { ReplayCache } from '../options/bearer/possession-options.js'
import { parseRedisOptions, type RedisOptions } from '../options/redis.js'
import type { RedisClient } from './client.js'
import { redisStoreFor } from './store.js'

// By client, then by prefix: where the keys are. A bearer() behind another one knows by its cache which proofs were counted for the request.
const caches = new WeakMap<RedisClient, ReadonlyMap<string, ReplayCache>>()

/**
 * Creates a replay cache for DPoP proofs that all processes of an API share, for the option `dpop.replayCache` of
 * `bearer()`. While Redis is unavailable, no proof is accepted: requests get 503.
 *
 * @example
 * ```ts
 * import { createClient } from 'redis'
 * import { redisReplayCache } from 'express-oidc/redis'
 *
 * const client = await createClient({ url: 'redis://127.0.0.1:6379' }).connect()
 * app.use(
 *   bearer({
 *     issuer,
 *     audience: 'https://api.example.com',
 *     baseUrl: 'https://api.example.com',
 *     dpop: { mode: 'required', replayCache: redisReplayCache(client) },
 *   }),
 * )
 * ```
 *
 * @param client As for {@link redisStore}.
 * @returns the same cache for the same client and `prefix`, with the `timeoutSeconds` of the first call
 * @throws {ConfigurationError} `invalid_options`
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
 */
export function redisReplayCache(client: RedisClient, options: RedisOptions = {}): ReplayCache {
  const sharedStore = redisStoreFor('redisReplayCache()', client, options)
  const { prefix } = parseRedisOptions('redisReplayCache()', options)
  const known = caches.get(client)?.get(prefix)
  if (known !== undefined) return known
  const cache: ReplayCache = { add: (key, ttlSeconds) => sharedStore.add(key, '1', ttlSeconds * 1000) }
  caches.set(client, new Map(caches.get(client)).set(prefix, cache))
  return cache
}
