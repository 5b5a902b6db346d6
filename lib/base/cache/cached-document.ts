import { ProviderError } from '../../errors.js'
import { ageOf } from '../age.js'
import { Backoff, failureOf, isOwnLimit, maxBackoffSeconds } from '../outage.js'
import type { Runtime } from '../runtime.js'

/** How current a cached document is. */
export interface Freshness {
  readonly state: 'unknown' | 'fresh' | 'stale'
  /** Seconds since it was fetched. */
  readonly ageSeconds?: number
  /** Code of the last failure, if the last attempt failed. */
  readonly lastFailure?: string
}

/** How a document is fetched, and how long it is used. */
interface CacheSettings<T> {
  readonly fetch: () => Promise<T>
  readonly runtime: Runtime
  /**
   * Age in seconds at which it is fetched again in the background. At twice that age, or at one hour if that is less,
   * callers wait for the fetch: after an idle time, a key that the provider has withdrawn must not be used.
   */
  readonly maxAgeSeconds: number
  /** How much longer it is used while fetching fails, in seconds. */
  readonly staleSeconds: number
}

// After a recent failure callers do not wait for the provider; the next attempts are made in the background.
const failingSeconds = 2 * maxBackoffSeconds
const maxUnwatchedSeconds = 3600

interface Known<T> {
  readonly value: T
  readonly fetchedAt: number
  /** The number of the fetch that returned it. */
  readonly fetch: number
}

/**
 * Caches the last valid document from the provider. There is at most one fetch at a time, in the background if
 * possible; after failures, fetches back off.
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

  /** Returns the cached document, unless it is too old. Starts a fetch in the background when one is due. */
  peek(): T | undefined {
    if (this.#known === undefined) return undefined
    const { maxAgeSeconds } = this.#settings
    const age = this.#ageSeconds(this.#known.fetchedAt)
    if (age < maxAgeSeconds) return this.#known.value
    const isServed = age < Math.min(maxUnwatchedSeconds, 2 * maxAgeSeconds) || this.#isFailing()
    const old = isServed ? this.#staleValue() : undefined
    if (old !== undefined && this.#mayStart()) this.renew().catch(() => undefined)
    return old
  }

  /**
   * Returns the cached document, or fetches it. While fetching fails, a stale one is returned.
   *
   * @throws {ProviderError} the failure; while backing off, at once
   */
  async get(): Promise<T> {
    const value = this.peek()
    if (value !== undefined) return value
    try {
      return await this.renew()
    } catch (error) {
      const old = this.#staleValue()
      if (old === undefined) throw error
      return old
    }
  }

  /**
   * Returns the document, and fetches it again if the cached one lacks what the caller needs: soon at first, then after
   * growing waits.
   *
   * @returns the newest document, even if it still lacks that
   * @throws {ProviderError} the failure, if nothing is cached
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
   * Fetches the document, or joins the fetch in progress.
   *
   * @throws {ProviderError} the failure; while backing off, at once
   */
  async renew(): Promise<T> {
    if (this.#flight !== undefined) return this.#flight
    if (this.#closed) throw new ProviderError('provider_unreachable', 'the connection to the provider is closed')
    this.#backoff.requireTurn()
    const number = ++this.#fetches
    // The limit on this process's own requests says nothing about the provider.
    const flight = this.#backoff.run(
      () => this.#fetch(number),
      (failure) => !isOwnLimit(failure),
    )
    this.#flight = flight.finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  /** Whether a fetch is in progress. */
  isRenewing(): boolean {
    return this.#flight !== undefined
  }

  /** Marks this moment, for {@link isFetchedSince}. */
  mark(): number {
    return this.#fetches
  }

  /** Whether the cached document was requested, not just received, after a mark. */
  isFetchedSince(mark: number): boolean {
    return this.#known !== undefined && this.#known.fetch > mark
  }

  /** How current the document is; makes no request. */
  freshness(): Freshness {
    const { failure } = this.#backoff
    const lastFailure = failure === undefined ? {} : { lastFailure: failure.code }
    if (this.#known === undefined) return { state: 'unknown', ...lastFailure }
    const age = this.#ageSeconds(this.#known.fetchedAt)
    const state = age < this.#settings.maxAgeSeconds ? 'fresh' : 'stale'
    return { state, ageSeconds: Math.floor(age), ...lastFailure }
  }

  /** Stops new fetches. */
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

  #staleValue(): T | undefined {
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
