import { hasMethods } from '../options/common/stores.js'
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
export interface NodeRedisClient {
  /** Returns the commands with other options than the client's own. */
  withCommandOptions(options: RedisCommandOptions): RedisCommands
}

/** A client of ioredis 5 or later: `new Redis()`, with sentinels too, and `new Cluster()`. Its options are used for a second connection. */
export interface IoredisClient {
  /** Such as `ready`, or `end` once it has been closed. */
  readonly status: string
  /** Whether it is a `Cluster`. */
  readonly isCluster: boolean
  /** Returns a client with the same options, and some others. */
  duplicate(...options: never[]): unknown
  /** Connects a client that has not been connected, or has been closed. */
  connect(): Promise<unknown>
  /** Closes the client. */
  disconnect(): void
  /** Listens for an event. */
  on(event: string, listener: (...values: unknown[]) => void): unknown
}

/** A client of either package. */
export type RedisClient = NodeRedisClient | IoredisClient

/** A client's commands. The signal withdraws those that have not been sent yet. */
export function commandsOf(client: NodeRedisClient, abortSignal: AbortSignal): RedisCommands {
  // A type mapping of our own bypasses the client's local cache, and turns off replies as Buffers.
  return client.withCommandOptions({ abortSignal, timeout: 0, typeMapping: {} })
}

/** Whether a value is a client of node-redis 5 or later. */
export function isNodeRedisClient(value: unknown): value is NodeRedisClient {
  return hasMethods(value, ['withCommandOptions'])
}

/** The error for a value that is not a Redis client, such as the options of one. */
export function notARedisClient(call: string): ConfigurationError {
  const message = `${call}: needs a client of node-redis 5 or later, such as createClient() of the package "redis" makes, or of ioredis 5 or later`
  return new ConfigurationError('invalid_options', message)
}
