import type { OidcError } from '../errors.js'
import { ProviderError } from '../errors.js'
import { traceOf } from '../options/error-trace.js'
import type { Platform } from '../options/platform.js'
import { ownError } from './failures.js'

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
  readonly platform: Platform
  /** Age at which it is fetched anew, in seconds. */
  readonly maxAgeSeconds: number
  /** How much longer it serves while fetching fails, in seconds. */
  readonly staleSeconds: number
}

/** The longest wait after a failure. */
export const longestBackoffSeconds = 60

/**
 * The last good document of the provider: one fetch at a time, behind the callers' backs where possible, and after a
 * failure not before a wait that grows.
 */
export class Cached<T> {
  readonly #settings: CacheSettings<T>
  #known: { readonly value: T; readonly fetchedAt: number } | undefined
  #failure: OidcError | undefined
  #failures = 0
  #retryAt = 0
  #flight: Promise<T> | undefined
  #closed = false

  constructor(settings: CacheSettings<T>) {
    this.#settings = settings
  }

  /** What is known now, unless it is too old to serve. Starts a fetch behind the caller's back when one is due. */
  peek(): T | undefined {
    if (this.#known === undefined) return undefined
    const { maxAgeSeconds, staleSeconds } = this.#settings
    const age = this.#ageSeconds(this.#known.fetchedAt)
    if (age >= maxAgeSeconds && this.#mayStart()) this.renew().catch(() => undefined)
    return age < maxAgeSeconds + staleSeconds ? this.#known.value : undefined
  }

  /**
   * What is known, or fetched where nothing may be served.
   *
   * @throws {ProviderError} the failure; while backing off, at once
   */
  async get(): Promise<T> {
    return this.peek() ?? this.renew()
  }

  /**
   * Fetches, or joins the fetch under way.
   *
   * @throws {ProviderError} the failure; while backing off, at once
   */
  async renew(): Promise<T> {
    if (this.#flight !== undefined) return this.#flight
    if (this.#closed) throw new ProviderError('provider_unreachable', 'the connection to the provider is closed')
    const wait = this.#waitSeconds()
    if (this.#failure !== undefined && wait > 0) throw repeated(this.#failure, wait)
    this.#flight = this.#fetch().finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  /** Whether a fetch is under way. */
  isRenewing(): boolean {
    return this.#flight !== undefined
  }

  /** How current the document is, without starting anything. */
  freshness(): Freshness {
    const lastFailure = this.#failure === undefined ? {} : { lastFailure: this.#failure.code }
    if (this.#known === undefined) return { state: 'unknown', ...lastFailure }
    const age = this.#ageSeconds(this.#known.fetchedAt)
    const state = age < this.#settings.maxAgeSeconds ? 'fresh' : 'stale'
    return { state, ageSeconds: Math.floor(age), ...lastFailure }
  }

  /** No fetch begins any more. */
  close(): void {
    this.#closed = true
  }

  async #fetch(): Promise<T> {
    const { fetch, platform } = this.#settings
    try {
      const value = await fetch()
      this.#known = { value, fetchedAt: platform.now() }
      this.#failure = undefined
      this.#failures = 0
      return value
    } catch (error) {
      this.#failure = ownError(error) ?? unusable(error)
      this.#retryAt = platform.now() + 1000 * backoffSeconds(this.#failures++, platform)
      throw this.#failure
    }
  }

  #mayStart(): boolean {
    return this.#flight === undefined && !this.#closed && this.#waitSeconds() === 0
  }

  // A clock that was set back must not make anything younger than it is ...
  #ageSeconds(fetchedAt: number): number {
    return Math.abs(this.#settings.platform.now() - fetchedAt) / 1000
  }

  // ... nor a wait longer than any wait can be.
  #waitSeconds(): number {
    const seconds = (this.#retryAt - this.#settings.platform.now()) / 1000
    return seconds > longestBackoffSeconds ? 0 : Math.max(0, seconds)
  }
}

/** 1, 2, 4 ... 60 seconds, of which half is random: many processes must not come back at the same moment. */
export function backoffSeconds(failures: number, platform: Platform): number {
  const longest = Math.min(longestBackoffSeconds, 2 ** failures)
  return longest * (0.5 + platform.randomBytes(1).readUInt8() / 512)
}

function unusable(error: unknown): ProviderError {
  const message = 'the provider gave an answer that cannot be used'
  return new ProviderError('provider_response_invalid', message, { status: 502, cause: traceOf(error) })
}

/** A failure told again while backing off: everyone gets an error of their own, and hears how long is left. */
export function repeated(failure: OidcError, waitSeconds: number): OidcError {
  if (!(failure instanceof ProviderError)) return failure
  const { code, message, status, cause } = failure
  const headers = { ...failure.headers, 'Retry-After': String(Math.ceil(waitSeconds)) }
  return new ProviderError(code, message, { status, cause, headers })
}
