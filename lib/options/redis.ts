import * as v from 'valibot'
import { seconds } from './common/fields.js'
import { parseOptions, section } from './common/parse.js'

/** Options of `redisStore()` and `redisReplayCache()`. */
export interface RedisOptions {
  /**
   * Prefix of every key: 1 to 64 printable ASCII characters without spaces and braces, which would put all keys of a cluster
   * on one node. Applications that share a Redis server need different prefixes. @default 'oidc:'
   */
  prefix?: string | undefined
  /** Deadline of each call in seconds, 0.05 to 30. A command that was not sent by then is withdrawn. @default 2 */
  timeoutSeconds?: number | undefined
}

const prefixRule = 'must be 1 to 64 printable ASCII characters, without spaces, "{" and "}"'

/** The checks of the options of `redisStore()`. */
export const schema = section({
  prefix: v.optional(v.pipe(v.string(prefixRule), v.regex(/^[\x21-\x7a\x7c\x7e]{1,64}$/, prefixRule)), 'oidc:'),
  timeoutSeconds: v.optional(seconds(0.05, 30), 2),
})

/** The checked and frozen options of a call in `express-oidc/redis`, every default in place. */
export type RedisConfiguration = v.InferOutput<typeof schema>

/**
 * Checks the options of a call in `express-oidc/redis`.
 *
 * @param call The call that took them, such as `redisStore()`.
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseRedisOptions(call: string, options: unknown): RedisConfiguration {
  return parseOptions(call, schema, options)
}
