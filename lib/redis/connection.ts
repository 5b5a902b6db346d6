import { type EventEmitter, setMaxListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { hasMethods } from '../options/common/stores.js'
import { commandsOf, type RedisClient } from './client.js'

/** Sees to it that a client has a connection that is answered, and that losing one ends no process. */
export interface RedisConnection {
  /** Notes that a call about these keys was not answered in time, which may be all that shows of a dead connection. */
  missed(pending: Promise<unknown>, keys: readonly string[], seconds: number): void
}

/** A client that can be given another connection: all of node-redis but pools, which open further ones by themselves. */
interface ReplaceableClient extends RedisClient {
  duplicate(): unknown
  connect(): Promise<unknown>
  destroy(): unknown
}

const known = new WeakMap<RedisClient, RedisConnection>()
const leastPatienceSeconds = 0.5
const maxPatienceSeconds = 5
const secondLookMilliseconds = 4000

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
 * connection is opened, and both are asked the same: where only that one is answered, twice, the first one is replaced. A
 * Redis that is slow or frozen answers neither. A connection that the application keeps busy answers late, and stays: it
 * takes all commands with it that wait on it.
 */
class WatchedConnection implements RedisConnection {
  readonly #client: ReplaceableClient
  #isSuspect = false
  /** How many answers came late: a connection that brings any is alive. */
  #lateAnswers = 0

  constructor(client: ReplaceableClient) {
    this.#client = client
  }

  missed(pending: Promise<unknown>, keys: readonly string[], seconds: number): void {
    pending.then(this.#cameLate, ignore)
    if (this.#isSuspect) return
    this.#isSuspect = true
    const patience = Math.min(Math.max(seconds, leastPatienceSeconds), maxPatienceSeconds) * 1000
    this.#isDead(keys, patience)
      .then((isDead) => (isDead ? this.#replace() : undefined))
      .catch(ignore)
      .finally(() => (this.#isSuspect = false))
  }

  readonly #cameLate = (): void => {
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
    // It stays in the queue of a connection that is busy only, to be answered late.
    const asked = askOn(this.#client, keys, newController().signal).then(this.#cameLate)
    try {
      const connected = inTime(patience, () => fresh.connect())
      const [isFreshAnswered, isAnswered] = await Promise.all([
        connected.then((isThere) => isThere && inTime(patience, (signal) => askOn(fresh, keys, signal))),
        inTime(patience, () => asked),
      ])
      return isFreshAnswered && !isAnswered
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

/** Asks a client for all of these keys. A refusal is an answer, too. */
function askOn(client: RedisClient, keys: readonly string[], signal: AbortSignal): Promise<unknown> {
  const redis = commandsOf(client, signal)
  return Promise.all(keys.map((key) => redis.get(key).catch(ignore)))
}

function inTime(milliseconds: number, call: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
  const controller = newController()
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

// Each of many commands listens, and Node would warn of a leak.
function newController(): AbortController {
  const controller = new AbortController()
  setMaxListeners(Infinity, controller.signal)
  return controller
}
