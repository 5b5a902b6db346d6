import type { ReplayCache } from '../options/bearer/possession-options.js'
import type { RedisOptions } from '../options/redis.js'
import type { RedisClient } from './client.js'
import { redisStoreFor } from './store.js'

// By client, then by options. A bearer() behind another one knows by its cache which proofs were counted for the request.
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
 * @throws {ConfigurationError} `invalid_options`
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.1
 */
export function redisReplayCache(client: RedisClient, options: RedisOptions = {}): ReplayCache {
  const sharedStore = redisStoreFor('redisReplayCache()', client, options)
  const { prefix, timeoutSeconds } = options
  const name = JSON.stringify([prefix, timeoutSeconds])
  const known = caches.get(client)?.get(name)
  if (known !== undefined) return known
  const cache: ReplayCache = { add: (key, ttlSeconds) => sharedStore.add(key, '1', ttlSeconds * 1000) }
  caches.set(client, new Map(caches.get(client)).set(name, cache))
  return cache
}
