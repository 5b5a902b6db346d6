import { ConfigurationError } from '../errors.js'

/** Options of node-redis for the commands of one call. */
export interface RedisCommandOptions {
  /** Removes commands that have not been sent yet from every queue of the client. */
  readonly abortSignal: AbortSignal
  /** The client's own deadline in milliseconds; 0 means none. */
  readonly timeout: number
  /** How the client converts replies: not at all. */
  readonly typeMapping: Record<string, never>
}

/** The commands that are used. Replies are those of Redis. */
export interface RedisCommands {
  /** `GET`. */
  get(key: string): Promise<unknown>
  /** `SET` with a lifetime in milliseconds, with `NX` only where the key does not exist. */
  set(
    key: string,
    value: string,
    options: { readonly expiration: { type: 'PX'; value: number }; readonly condition?: 'NX' },
  ): Promise<unknown>
  /** `DEL`. */
  del(key: string): Promise<unknown>
  /** `EVAL`. */
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/**
 * A connected client of node-redis 5 or later (package `redis`): what `createClient()`, `createClientPool()`,
 * `createCluster()` and `createSentinel()` return. Reads must go to masters, so do not set `useReplicas`.
 */
export interface RedisClient {
  /** Returns the commands with other options than the client's own. */
  withCommandOptions(options: RedisCommandOptions): RedisCommands
}

/** A client's commands. The signal withdraws those that have not been sent yet. */
export function commandsOf(client: RedisClient, abortSignal: AbortSignal): RedisCommands {
  // A type mapping of our own bypasses the client's local cache, and turns off replies as Buffers.
  return client.withCommandOptions({ abortSignal, timeout: 0, typeMapping: {} })
}

/**
 * Rejects anything that is not a client of node-redis, such as one of ioredis, or options for one.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function assertRedisClient(call: string, client: unknown): asserts client is RedisClient {
  const isClient = typeof client === 'object' && client !== null && 'withCommandOptions' in client
  if (isClient && typeof client.withCommandOptions === 'function') return
  const message = `${call}: needs a client of node-redis 5 or later, such as createClient() of the package "redis" makes`
  throw new ConfigurationError('invalid_options', message)
}
