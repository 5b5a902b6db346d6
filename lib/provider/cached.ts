import { OidcError, ProviderError } from '../errors.js'
import type { Platform } from '../options/platform.js'
import { traceOf } from './failures.js'

/** One document of the provider, kept fresh. */
export interface Cached<T> {
  /** What is known now, unless it is too old to serve. Starts a fetch behind the caller's back when one is due. */
  peek(): T | undefined
  /**
   * What is known, fetched where it is not. Never waits for a refresh while something may still be served.
   *
   * @throws {ProviderError} the last failure; while backing off, at once
   */
  get(): Promise<T>
  /**
   * Fetches, or joins the fetch under way.
   *
   * @throws {ProviderError} the last failure; while backing off, at once
   */
  renew(): Promise<T>
  /** Whether a fetch is under way. */
  isRenewing(): boolean
  freshness(): Freshness
  /** No fetch begins any more. */
  close(): void
}

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

const longestBackoffSeconds = 60

/** Keeps the last good document: one fetch at a time, behind the callers' backs where possible, with backoff. */
export function createCached<T>(settings: CacheSettings<T>): Cached<T> {
  const { platform } = settings
  let known: { readonly value: T; readonly fetchedAt: number } | undefined
  let failure: OidcError | undefined
  let failures = 0
  let retryAt = 0
  let flight: Promise<T> | undefined
  let closed = false

  // A clock that was set back must not make anything younger than it is, or a wait longer than it was.
  const ageSeconds = () => (known === undefined ? Infinity : Math.abs(platform.now() - known.fetchedAt) / 1000)
  const waitSeconds = () => {
    const seconds = (retryAt - platform.now()) / 1000
    return seconds > longestBackoffSeconds ? 0 : Math.max(0, seconds)
  }
  const start = async (): Promise<T> => {
    try {
      const value = await settings.fetch()
      known = { value, fetchedAt: platform.now() }
      failure = undefined
      failures = 0
      return value
    } catch (error) {
      failure = asOidcError(error)
      retryAt = platform.now() + 1000 * backoffSeconds(failures++, platform)
      throw failure
    }
  }
  const renew = async (): Promise<T> => {
    if (flight !== undefined) return flight
    if (closed) throw new ProviderError('provider_unreachable', 'the connection to the provider is closed')
    const wait = waitSeconds()
    if (failure !== undefined && wait > 0) throw repeated(failure, wait)
    flight = start().finally(() => {
      flight = undefined
    })
    return flight
  }
  const peek = (): T | undefined => {
    const age = ageSeconds()
    if (
      age >= settings.maxAgeSeconds &&
      known !== undefined &&
      flight === undefined &&
      !closed &&
      waitSeconds() === 0
    ) {
      renew().catch(() => undefined)
    }
    return age < settings.maxAgeSeconds + settings.staleSeconds ? known?.value : undefined
  }
  return {
    peek,
    renew,
    get: async () => peek() ?? renew(),
    isRenewing: () => flight !== undefined,
    freshness: () => ({
      state: known === undefined ? 'unknown' : ageSeconds() < settings.maxAgeSeconds ? 'fresh' : 'stale',
      ...(known === undefined ? {} : { ageSeconds: Math.floor(ageSeconds()) }),
      ...(failure === undefined ? {} : { lastFailure: failure.code }),
    }),
    close() {
      closed = true
    },
  }
}

// 1, 2, 4 ... 60 seconds, of which half is random: many processes must not come back at the same moment.
function backoffSeconds(failures: number, platform: Platform): number {
  const longest = Math.min(longestBackoffSeconds, 2 ** failures)
  return longest * (0.5 + platform.randomBytes(1).readUInt8() / 512)
}

function asOidcError(error: unknown): OidcError {
  if (error instanceof OidcError) return error
  return new ProviderError('provider_response_invalid', 'the provider gave an answer that cannot be used', {
    status: 502,
    cause: traceOf(error),
  })
}

// Everyone gets an error of their own, and hears how long is left.
function repeated(failure: OidcError, waitSeconds: number): OidcError {
  if (!(failure instanceof ProviderError)) return failure
  const { code, message, status, cause } = failure
  const headers = { ...failure.headers, 'Retry-After': String(Math.ceil(waitSeconds)) }
  return new ProviderError(code, message, { status, cause, headers })
}
