import { parseRedisOptions, type RedisConfiguration, type RedisOptions } from '../options/redis.js'
import type { SharedStore } from '../options/common/stores.js'
import { ownDeadline } from '../base/store/own-deadline.js'
import { replyInTime } from './deadline.js'
import {
  commandsOf,
  isNodeRedisClient,
  type NodeRedisClient,
  notARedisClient,
  type RedisClient,
  type RedisCommands,
} from './client.js'
import { connectionOf, type RedisConnection } from './connection.js'
import { adaptIoredis, isIoredisClient } from './ioredis.js'

const replaceScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return 1
end
return 0`

const removeScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0`

/**
 * Creates a store in Redis that all processes of an application share.
 *
 * @example
 * ```ts
 * import { createClient } from 'redis'
 * import { redisStore } from 'express-oidc/redis'
 *
 * const client = createClient({ url: 'redis://127.0.0.1:6379' })
 * client.on('error', (error) => console.error(error))
 * await client.connect()
 * app.use(oidc({ ...options, sharedStore: redisStore(client) }))
 * ```
 *
 * @param client A connected client of node-redis or ioredis, which you close yourself. If the connection of node-redis
 *   dies unnoticed, it is replaced. For that reason, use a separate client (`client.duplicate()`) for blocking commands
 *   such as `BLPOP` and `XREAD BLOCK`. Its `error` events do not end the process, but you will want to log them. A client
 *   of ioredis gets a second connection, with the same options, which is closed along with the client.
 * @returns calls that reject with {@link SessionError} `session_store_unavailable` (503 with `Retry-After`) while Redis
 *   is unavailable, slow, loading, read-only or in conflict with its cluster
 * @throws {ConfigurationError} `invalid_options`
 */
export function redisStore(client: RedisClient, options: RedisOptions = {}): SharedStore {
  return redisStoreFor('redisStore()', client, options)
}

/** Creates the store for another function, which error messages then name. */
export function redisStoreFor(call: string, client: RedisClient, options: RedisOptions): SharedStore {
  return new RedisStore(nodeRedisClient(call, client), parseRedisOptions(call, options))
}

function nodeRedisClient(call: string, client: unknown): NodeRedisClient {
  if (isNodeRedisClient(client)) return client
  if (isIoredisClient(client)) return adaptIoredis(client)
  throw notARedisClient(call)
}

class RedisStore implements SharedStore {
  // A deadline from elsewhere could be shorter, and would not withdraw the command.
  readonly [ownDeadline] = true
  readonly #client: NodeRedisClient
  readonly #connection: RedisConnection
  readonly #configuration: RedisConfiguration

  constructor(client: NodeRedisClient, configuration: RedisConfiguration) {
    this.#client = client
    this.#connection = connectionOf(client)
    this.#configuration = configuration
  }

  get(names: readonly string[]): Promise<readonly (string | undefined)[]> {
    // Commands of one tick are sent together. In a cluster each goes to its own node, where MGET would fail.
    return this.#send(names, async (redis) => {
      const replies = await Promise.all(names.map((name) => redis.get(this.#key(name))))
      return replies.map((reply) => requireReply(reply, isTextOrNull) ?? undefined)
    })
  }

  set(name: string, value: string, milliseconds: number): Promise<void> {
    return this.#send([name], async (redis) => {
      requireReply(await redis.set(this.#key(name), value, { expiration: expiration(milliseconds) }), isOk)
    })
  }

  add(name: string, value: string, milliseconds: number): Promise<boolean> {
    return this.#send([name], async (redis) => {
      const settings = { expiration: expiration(milliseconds), condition: 'NX' } as const
      return requireReply(await redis.set(this.#key(name), value, settings), isOkOrNull) !== null
    })
  }

  replace(name: string, expected: string, value: string, milliseconds: number): Promise<boolean> {
    const lifetime = String(expiration(milliseconds).value)
    return this.#send([name], async (redis) => {
      const reply = await redis.eval(replaceScript, { keys: [this.#key(name)], arguments: [expected, value, lifetime] })
      return requireReply(reply, isCount) > 0
    })
  }

  remove(name: string, expected?: string): Promise<boolean> {
    return this.#send([name], async (redis) => {
      const key = this.#key(name)
      const reply =
        expected === undefined
          ? await redis.del(key)
          : await redis.eval(removeScript, { keys: [key], arguments: [expected] })
      return requireReply(reply, isCount) > 0
    })
  }

  #send<Reply>(names: readonly string[], call: (redis: RedisCommands) => Promise<Reply>): Promise<Reply> {
    const { timeoutSeconds } = this.#configuration
    const missed = (pending: Promise<Reply>): void => {
      const keys = names.map((name) => this.#key(name))
      this.#connection.reportTimeout(pending, keys, timeoutSeconds)
    }
    return replyInTime(timeoutSeconds, async (signal) => call(commandsOf(this.#client, signal)), missed)
  }

  #key(name: string): string {
    return `${this.#configuration.prefix}${name}`
  }
}

/** Redis requires whole milliseconds, and at least 1: a value with no time left expires at once. */
function expiration(milliseconds: number): { type: 'PX'; value: number } {
  return { type: 'PX', value: Math.max(1, Math.ceil(milliseconds)) }
}

/** An unexpected reply must not pass for "no such value". */
function requireReply<Reply>(reply: unknown, isExpected: (reply: unknown) => reply is Reply): Reply {
  if (isExpected(reply)) return reply
  throw new UnexpectedReply()
}

class UnexpectedReply extends Error {}

const isTextOrNull = (reply: unknown): reply is string | null => typeof reply === 'string' || reply === null
const isOk = (reply: unknown): reply is 'OK' => reply === 'OK'
const isOkOrNull = (reply: unknown): reply is 'OK' | null => reply === 'OK' || reply === null
const isCount = (reply: unknown): reply is number => typeof reply === 'number'
