import { type EventEmitter, setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { isDoneWithin } from '../base/timers/deadline.js'
import { hasMethods } from '../options/common/stores.js'
import { commandsOf, type NodeRedisClient } from './client.js'

/** Keeps a client's connection alive: replaces it if Redis no longer answers on it, and survives its errors. */
export interface RedisConnection {
  /** Reports that a call about these keys got no reply in time. This may be the only sign of a dead connection. */
  reportTimeout(pending: Promise<unknown>, keys: readonly string[], seconds: number): void
}

/**
 * A client whose connection can be replaced: any client of node-redis except a pool, which opens new connections by
 * itself.
 */
interface ReplaceableClient extends NodeRedisClient {
  duplicate(): unknown
  connect(): Promise<unknown>
  destroy(): unknown
}

const known = new WeakMap<NodeRedisClient, RedisConnection>()
const minPatienceSeconds = 0.5
const maxPatienceSeconds = 5
const secondLookMilliseconds = 4000

/** The connection of a client, shared by all stores that use this client. */
export function connectionOf(client: NodeRedisClient): RedisConnection {
  const found = known.get(client)
  if (found !== undefined) return found
  surviveErrors(client)
  const connection = isReplaceable(client) ? new WatchedConnection(client) : unwatched
  known.set(client, connection)
  return connection
}

// Without a listener, an `error` event ends the process. Failures are reported by the calls that fail.
function surviveErrors(client: object): void {
  if (isEmitter(client)) client.on('error', ignore)
}

function isEmitter(client: object): client is Pick<EventEmitter, 'on'> {
  return hasMethods(client, ['on'])
}

const ignore = (): void => undefined
const unwatched: RedisConnection = { reportTimeout: ignore }

/**
 * When a server loses power or a firewall drops its state, a connection is dead but never closed. The operating system
 * takes a quarter of an hour to notice; `pingInterval` and `socketTimeout` do not help. So a second connection is
 * opened, and both are asked for the same keys. If only the second one gets a reply, twice, the first one is replaced.
 * If Redis is slow or frozen, neither gets a reply. If the application keeps the first one busy, its reply comes late,
 * and it stays: closing it would lose all commands that wait on it.
 */
class WatchedConnection implements RedisConnection {
  readonly #client: ReplaceableClient
  #isSuspect = false
  /** How many replies came late: if there are any, the connection is alive. */
  #lateAnswers = 0

  constructor(client: ReplaceableClient) {
    this.#client = client
  }

  reportTimeout(pending: Promise<unknown>, keys: readonly string[], seconds: number): void {
    pending.then(this.#countLateReply, ignore)
    if (this.#isSuspect) return
    this.#isSuspect = true
    const patience = Math.min(Math.max(seconds, minPatienceSeconds), maxPatienceSeconds) * 1000
    this.#isDead(keys, patience)
      .then((isDead) => (isDead ? this.#replace() : undefined))
      .catch(ignore)
      .finally(() => (this.#isSuspect = false))
  }

  readonly #countLateReply = (): void => {
    this.#lateAnswers += 1
  }

  async #isDead(keys: readonly string[], patience: number): Promise<boolean> {
    const before = this.#lateAnswers
    for (const wait of [2 * patience, secondLookMilliseconds]) {
      await pause(wait, undefined, { ref: false })
      if (this.#lateAnswers > before || !(await this.#isAnsweredElsewhereOnly(keys, patience))) return false
    }
    return this.#lateAnswers === before
  }

  async #isAnsweredElsewhereOnly(keys: readonly string[], patience: number): Promise<boolean> {
    const fresh = this.#client.duplicate()
    if (!isReplaceable(fresh)) return false
    surviveErrors(fresh)
    // Never aborted: if the connection is merely busy, the reply comes late and counts.
    const asked = readKeys(this.#client, keys, newController().signal).then(this.#countLateReply)
    try {
      const connected = isAnsweredWithin(patience, () => fresh.connect())
      const [isFreshAnswered, isAnswered] = await Promise.all([
        connected.then((isThere) => isThere && isAnsweredWithin(patience, (signal) => readKeys(fresh, keys, signal))),
        isAnsweredWithin(patience, () => asked),
      ])
      return isFreshAnswered && !isAnswered
    } finally {
      await fresh.destroy()
    }
  }

  // If the application closed the client, it stays closed. A client with subscriptions is left alone, since they would
  // be lost.
  async #replace(): Promise<void> {
    const client = this.#client
    if (Reflect.get(client, 'isOpen') !== true || Reflect.get(client, 'isPubSubActive') === true) return
    const destroyed = client.destroy()
    // Only awaited if it is a promise: no call must meet a closed client in between.
    if (destroyed instanceof Promise) await destroyed
    client.connect().catch(ignore)
  }
}

function isReplaceable(client: unknown): client is ReplaceableClient {
  return hasMethods(client, ['withCommandOptions', 'duplicate', 'connect', 'destroy'])
}

/** Asks a client for all of these keys. An error reply counts as a reply. */
function readKeys(client: NodeRedisClient, keys: readonly string[], signal: AbortSignal): Promise<unknown> {
  const redis = commandsOf(client, signal)
  return Promise.all(keys.map((key) => redis.get(key).catch(ignore)))
}

async function isAnsweredWithin(
  milliseconds: number,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  const controller = newController()
  const isAnswered = await isDoneWithin(call(controller.signal), milliseconds)
  if (!isAnswered) controller.abort()
  return isAnswered
}

// Every command adds a listener, and Node would warn of a leak.
function newController(): AbortController {
  const controller = new AbortController()
  setMaxListeners(Infinity, controller.signal)
  return controller
}
