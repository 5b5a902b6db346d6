import { ProviderError } from '../errors.js'
import { ageOf } from './age.js'
import { Backoff, failureOf, isOwnLimit, maxBackoffSeconds } from './outage.js'
import type { Runtime } from './runtime.js'

/** How current a document is. */
export interface Freshness {
  readonly state: 'unknown' | 'fresh' | 'stale'
  /** Seconds since it was fetched. */
  readonly ageSeconds?: number
  /** Code of the last failure, if the last attempt failed. */
  readonly lastFailure?: string
}

/** How a document is fetched, and how long it serves. */
export interface CacheSettings<T> {
  readonly fetch: () => Promise<T>
  readonly runtime: Runtime
  /**
   * Age at which it is fetched anew behind the callers' backs, in seconds. At twice that age, an hour at most, they wait
   * for the fetch: after an idle time nobody is judged by what the provider has long withdrawn.
   */
  readonly maxAgeSeconds: number
  /** How much longer it serves while fetching fails, in seconds. */
  readonly staleSeconds: number
}

// Nobody waits for a provider that failed a moment ago: the next attempts are made behind the callers' backs.
const failingSeconds = 2 * maxBackoffSeconds
const maxUnwatchedSeconds = 3600

interface Known<T> {
  readonly value: T
  readonly fetchedAt: number
  /** Which fetch brought it. */
  readonly fetch: number
}

/**
 * The last good document of the provider: one fetch at a time, behind the callers' backs where possible, and after a
 * failure not before a wait that grows.
 */
export class Cached<T> {
  readonly #settings: CacheSettings<T>
  readonly #backoff: Backoff
  #known: Known<T> | undefined
  #failedAt = 0
  #flight: Promise<T> | undefined
  #fetches = 0
  #lackingSeconds = 0
  #closed = false

  constructor(settings: CacheSettings<T>) {
    this.#settings = settings
    this.#backoff = new Backoff(settings.runtime)
  }

  /** What is known now, unless it is too old to serve. Starts a fetch behind the caller's back when one is due. */
  peek(): T | undefined {
    if (this.#known === undefined) return undefined
    const { maxAgeSeconds } = this.#settings
    const age = this.#ageSeconds(this.#known.fetchedAt)
    if (age < maxAgeSeconds) return this.#known.value
    const isServed = age < Math.min(maxUnwatchedSeconds, 2 * maxAgeSeconds) || this.#isFailing()
    const old = isServed ? this.#old() : undefined
    if (old !== undefined && this.#mayStart()) this.renew().catch(() => undefined)
    return old
  }

  /**
   * What is known, or fetched where nothing may be served. While fetching fails, what is old serves.
   *
   * @throws {ProviderError} the failure; while backing off, at once
   */
  async get(): Promise<T> {
    const value = this.peek()
    if (value !== undefined) return value
    try {
      return await this.renew()
    } catch (error) {
      const old = this.#old()
      if (old === undefined) throw error
      return old
    }
  }

  /**
   * What is known, and has what the caller needs where that can be had: what lacks it is fetched again, soon at first, and
   * then after waits that grow.
   *
   * @returns what is known even if that lacks it
   * @throws {ProviderError} the failure, where nothing is known
   */
  async getWith(hasIt: (value: T) => boolean): Promise<T> {
    const value = await this.get()
    if (hasIt(value)) {
      this.#lackingSeconds = 0
      return value
    }
    const wait = Math.max(1, this.#lackingSeconds)
    if (this.#known !== undefined && this.#ageSeconds(this.#known.fetchedAt) < wait) return value
    this.#lackingSeconds = Math.min(maxBackoffSeconds, 2 * wait)
    return this.renew().catch(() => value)
  }

  /**
   * Fetches, or joins the fetch under way.
   *
   * @throws {ProviderError} the failure; while backing off, at once
   */
  async renew(): Promise<T> {
    if (this.#flight !== undefined) return this.#flight
    if (this.#closed) throw new ProviderError('provider_unreachable', 'the connection to the provider is closed')
    this.#backoff.requireTurn()
    const number = ++this.#fetches
    // This process had too many requests under way: that says nothing about the provider.
    const flight = this.#backoff.run(
      () => this.#fetch(number),
      (failure) => !isOwnLimit(failure),
    )
    this.#flight = flight.finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  /** Whether a fetch is under way. */
  isRenewing(): boolean {
    return this.#flight !== undefined
  }

  /** This moment, for {@link isFetchedSince}. */
  mark(): number {
    return this.#fetches
  }

  /** Whether what is known was asked for after a moment, and not only received. */
  isFetchedSince(mark: number): boolean {
    return this.#known !== undefined && this.#known.fetch > mark
  }

  /** How current the document is, without starting anything. */
  freshness(): Freshness {
    const { failure } = this.#backoff
    const lastFailure = failure === undefined ? {} : { lastFailure: failure.code }
    if (this.#known === undefined) return { state: 'unknown', ...lastFailure }
    const age = this.#ageSeconds(this.#known.fetchedAt)
    const state = age < this.#settings.maxAgeSeconds ? 'fresh' : 'stale'
    return { state, ageSeconds: Math.floor(age), ...lastFailure }
  }

  /** No fetch begins any more. */
  close(): void {
    this.#closed = true
  }

  async #fetch(number: number): Promise<T> {
    const { fetch, runtime } = this.#settings
    try {
      const value = await fetch()
      this.#known = { value, fetchedAt: runtime.now(), fetch: number }
      return value
    } catch (error) {
      const failure = failureOf(error)
      if (!isOwnLimit(failure)) this.#failedAt = runtime.now()
      throw failure
    }
  }

  #old(): T | undefined {
    if (this.#known === undefined) return undefined
    const { maxAgeSeconds, staleSeconds } = this.#settings
    return this.#ageSeconds(this.#known.fetchedAt) < maxAgeSeconds + staleSeconds ? this.#known.value : undefined
  }

  #isFailing(): boolean {
    return this.#backoff.failure !== undefined && this.#ageSeconds(this.#failedAt) < failingSeconds
  }

  #mayStart(): boolean {
    return this.#flight === undefined && !this.#closed && this.#backoff.waitSeconds() === 0
  }

  #ageSeconds(moment: number): number {
    return ageOf(moment, this.#settings.runtime.now()) / 1000
  }
}
