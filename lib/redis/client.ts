import { ConfigurationError } from '../errors.js'

/** How commands are sent: node-redis takes it per call. */
export interface RedisCommandOptions {
  /** Removes what has not been sent yet from every queue of the client. */
  readonly abortSignal: AbortSignal
  /** The client's own deadline in milliseconds; 0 is none. */
  readonly timeout: number
  readonly typeMapping: Record<string, never>
}

/** The commands that are used, answered as Redis does. */
export interface RedisCommands {
  get(key: string): Promise<unknown>
  set(
    key: string,
    value: string,
    options: { readonly expiration: { type: 'PX'; value: number }; readonly condition?: 'NX' },
  ): Promise<unknown>
  del(key: string): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/**
 * A connected client of node-redis 5 or later (package `redis`): what `createClient()`, `createClientPool()`,
 * `createCluster()` and `createSentinel()` return. Reads must come from masters, so without `useReplicas`.
 */
export interface RedisClient {
  withCommandOptions(options: RedisCommandOptions): RedisCommands
}

/** The commands of a client, until a signal takes back what has not been sent. */
export function commandsOf(client: RedisClient, abortSignal: AbortSignal): RedisCommands {
  // With types of our own the client neither answers from its local cache nor in Buffers.
  return client.withCommandOptions({ abortSignal, timeout: 0, typeMapping: {} })
}

/**
 * Refuses what is no client of node-redis, such as one of ioredis, or options for one.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function assertRedisClient(call: string, client: unknown): asserts client is RedisClient {
  const isClient = typeof client === 'object' && client !== null && 'withCommandOptions' in client
  if (isClient && typeof client.withCommandOptions === 'function') return
  const message = `${call}: needs a client of node-redis 5 or later, such as createClient() of the package "redis" makes`
  throw new ConfigurationError('invalid_options', message)
}
