import { hasMethods } from '../options/common/stores.js'
import type { IoredisClient, NodeRedisClient, RedisCommandOptions, RedisCommands } from './client.js'

/** What is used of a client of ioredis. */
interface Ioredis extends IoredisClient {
  duplicate(...options: readonly unknown[]): unknown
  get(key: string): Promise<unknown>
  set(key: string, value: string, ...options: readonly (number | string)[]): Promise<unknown>
  del(key: string): Promise<unknown>
  eval(script: string, keyCount: number, ...keysAndArguments: readonly string[]): Promise<unknown>
}

/**
 * A command that was reported as failed must not be executed later, so nothing is queued or sent again. The connection is
 * made again at the next call. One on which Redis sends nothing, although commands wait, is closed.
 */
const connectionOptions = {
  role: 'master',
  lazyConnect: true,
  retryStrategy: null,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  socketTimeout: 5000,
  stringNumbers: false,
}

const known = new WeakMap<IoredisClient, NodeRedisClient>()

/** Whether a value is a client of ioredis. */
export function isIoredisClient(value: unknown): value is Ioredis {
  const methods = [
    'get',
    'set',
    'del',
    'eval',
    'duplicate',
    'connect',
    'disconnect',
    'on',
    'once',
    'off',
    'setMaxListeners',
  ]
  return hasMethods(value, methods) && hasStatus(value)
}

function hasStatus(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'status' in value && typeof value.status === 'string'
}

/**
 * Adapts a client of ioredis, which queues commands while it has no connection, and sends them again after it has lost
 * one. Both are options of the connection, so there is a second one, shared by all stores that use this client.
 */
export function adaptIoredis(client: Ioredis): NodeRedisClient {
  const found = known.get(client)
  if (found !== undefined) return found
  const adapted = new AdaptedIoredis(client)
  known.set(client, adapted)
  return adapted
}

class AdaptedIoredis implements NodeRedisClient {
  readonly #client: Ioredis
  readonly #own: Ioredis
  #connecting: Promise<unknown> | undefined
  #lastError: unknown

  constructor(client: Ioredis) {
    this.#client = client
    this.#own = ownConnection(client)
    this.#own.on('error', (error) => (this.#lastError = error))
    client.on('end', () => this.#close())
  }

  withCommandOptions({ abortSignal }: RedisCommandOptions): RedisCommands {
    const ready = (): Promise<Ioredis> => this.#ready(abortSignal)
    return {
      get: async (key) => (await ready()).get(key),
      set: async (key, value, { expiration: { type, value: lifetime }, condition }) =>
        (await ready()).set(key, value, type, lifetime, ...(condition === undefined ? [] : [condition])),
      del: async (key) => (await ready()).del(key),
      eval: async (script, { keys, arguments: values }) =>
        (await ready()).eval(script, keys.length, ...keys, ...values),
    }
  }

  async #ready(signal: AbortSignal): Promise<Ioredis> {
    if (this.#client.status === 'end') throw new ClientClosedError()
    if (this.#own.status !== 'ready') await (this.#connecting ??= this.#connect())
    signal.throwIfAborted()
    return this.#own
  }

  async #connect(): Promise<void> {
    this.#lastError = undefined
    try {
      await this.#own.connect()
    } catch (error) {
      // The event says what has happened, and the rejection only that the connection is closed.
      throw this.#lastError ?? error
    } finally {
      this.#connecting = undefined
    }
  }

  #close(): void {
    if (this.#own.status !== 'end') this.#own.disconnect()
  }
}

/** Named as node-redis names it. */
class ClientClosedError extends Error {}

function ownConnection(client: Ioredis): Ioredis {
  const duplicate = client.isCluster
    ? client.duplicate([], clusterOptions(client))
    : client.duplicate(connectionOptions)
  if (isIoredisClient(duplicate)) return duplicate
  throw new TypeError('duplicate() returned no client of ioredis')
}

/** Reads go to masters: a replica may not know yet of a write, such as that of a logout. */
function clusterOptions(cluster: object): object {
  const options: unknown = Reflect.get(cluster, 'options')
  const nodes: unknown = typeof options === 'object' && options !== null ? Reflect.get(options, 'redisOptions') : {}
  const redisOptions = { ...(typeof nodes === 'object' ? nodes : {}), ...connectionOptions }
  return {
    lazyConnect: true,
    clusterRetryStrategy: null,
    enableOfflineQueue: false,
    scaleReads: 'master',
    redisOptions,
  }
}
