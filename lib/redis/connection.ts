import { type EventEmitter, setMaxListeners } from 'node:events'
import { hasMethods } from '../options/shared-memory.js'
import { commandsOf, type RedisClient } from './client.js'

/** Sees to it that a client has a connection that is answered, and that losing one ends no process. */
export interface RedisConnection {
  /** Notes that a call about these keys was not answered in time, which may be all that shows of a dead connection. */
  missed(keys: readonly string[], seconds: number): void
}

/** A client that can be given another connection: all of node-redis but pools, which open further ones by themselves. */
interface ReplaceableClient extends RedisClient {
  duplicate(): unknown
  connect(): Promise<unknown>
  destroy(): unknown
}

const known = new WeakMap<RedisClient, RedisConnection>()
const leastPatienceSeconds = 0.5
const mostPatienceSeconds = 5

/** The connection of a client: one, however many memories use it. */
export function connectionOf(client: RedisClient): RedisConnection {
  const found = known.get(client)
  if (found !== undefined) return found
  surviveErrors(client)
  const connection = isReplaceable(client) ? new WatchedConnection(client) : unwatched
  known.set(client, connection)
  return connection
}

// An event `error` that nobody listens for ends the process. What fails is told by the calls that fail.
function surviveErrors(client: object): void {
  if (isEmitter(client)) client.on('error', ignore)
}

function isEmitter(client: object): client is Pick<EventEmitter, 'on'> {
  return hasMethods(client, ['on'])
}

const ignore = (): void => undefined
const unwatched: RedisConnection = { missed: ignore }

/**
 * A machine that loses its power, or a firewall that forgets, leaves a connection that nobody answers and nobody closes.
 * The system gives it up after a quarter of an hour; neither `pingInterval` nor `socketTimeout` notice before. So a second
 * connection is opened, and both are asked the same: where only that one is answered, the first one is replaced. A Redis
 * that is slow or frozen answers neither.
 */
class WatchedConnection implements RedisConnection {
  readonly #client: ReplaceableClient
  #isSuspect = false

  constructor(client: ReplaceableClient) {
    this.#client = client
  }

  missed(keys: readonly string[], seconds: number): void {
    if (this.#isSuspect) return
    this.#isSuspect = true
    const patience = Math.min(Math.max(seconds, leastPatienceSeconds), mostPatienceSeconds) * 1000
    setTimeout(() => {
      this.#compare(keys, patience)
        .catch(ignore)
        .finally(() => (this.#isSuspect = false))
    }, 2 * patience).unref()
  }

  async #compare(keys: readonly string[], patience: number): Promise<void> {
    const fresh = this.#client.duplicate()
    if (!isReplaceable(fresh)) return
    surviveErrors(fresh)
    try {
      const connected = inTime(patience, () => fresh.connect())
      const [isFreshAnswered, isAnswered] = await Promise.all([
        connected.then((isThere) => isThere && isAnsweredOn(fresh, keys, patience)),
        isAnsweredOn(this.#client, keys, patience),
      ])
      if (isFreshAnswered && !isAnswered) await this.#replace()
    } finally {
      await fresh.destroy()
    }
  }

  // Who closed the client wants it closed, and subscriptions would be lost.
  async #replace(): Promise<void> {
    const client = this.#client
    if (Reflect.get(client, 'isOpen') !== true || Reflect.get(client, 'isPubSubActive') === true) return
    const destroyed = client.destroy()
    // Without a wait where there is none: nobody is to find it closed.
    if (destroyed instanceof Promise) await destroyed
    client.connect().catch(ignore)
  }
}

function isReplaceable(client: unknown): client is ReplaceableClient {
  return hasMethods(client, ['withCommandOptions', 'duplicate', 'connect', 'destroy'])
}

/** Whether there is an answer in time, be it a refusal. */
function isAnsweredOn(client: RedisClient, keys: readonly string[], milliseconds: number): Promise<boolean> {
  return inTime(milliseconds, (signal) => {
    const redis = commandsOf(client, signal)
    return Promise.all(keys.map((key) => redis.get(key).catch(ignore)))
  })
}

function inTime(milliseconds: number, call: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
  const controller = new AbortController()
  setMaxListeners(Infinity, controller.signal)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve(false)
      controller.abort()
    }, milliseconds)
    call(controller.signal)
      .then(() => resolve(true), reject)
      .finally(() => clearTimeout(timer))
  })
}
