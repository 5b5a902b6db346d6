import { type OidcError, ProviderError } from '../errors.js'
import { waitUntil } from './age.js'
import { isOidcError, ownError, redactedCause } from './error-cause.js'
import type { Runtime } from './runtime.js'

/** `Retry-After` in seconds, if the provider sends none. */
export const retryAfterSeconds = 5

/** Copies a failure for a caller that comes during the wait, with the remaining time in `Retry-After`. */
export function withRetryAfter(failure: OidcError, waitSeconds: number): OidcError {
  if (!(failure instanceof ProviderError)) return failure
  const { code, message, status, cause, details, provider } = failure
  const headers = { ...failure.headers, 'Retry-After': String(Math.ceil(waitSeconds)) }
  return new ProviderError(code, message, { status, cause, headers, details, provider })
}

/** A 503 with `Retry-After`. */
export function outage(
  code: 'provider_unreachable' | 'provider_address_refused' | 'provider_timeout' | 'provider_unavailable',
  message: string,
  seconds = retryAfterSeconds,
  cause?: unknown,
): ProviderError {
  return new ProviderError(code, message, { headers: { 'Retry-After': String(seconds) }, cause })
}

/** Whether an error comes from the limit on this process's own requests, which says nothing about the provider. */
export function isOwnLimit(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'outbound_limit_reached'
}

/** Returns this package's error from inside another one, or wraps an error of any other kind. */
export function failureOf(error: unknown): OidcError {
  return ownError(error) ?? unusable(error)
}

function unusable(error: unknown): ProviderError {
  const message = 'the provider sent a response that cannot be used'
  return new ProviderError('provider_response_invalid', message, { cause: redactedCause(error) })
}

/** The longest wait after a failure, in seconds. */
export const maxBackoffSeconds = 60

/** How waits grow. */
interface BackoffSettings {
  /** How many failures in a row are followed by no wait. @default 0 */
  readonly free?: number
  /** The longest wait, in seconds, unless a caller asks for more. @default 60 */
  readonly maxSeconds?: number
}

/** Exponential backoff: after failures in a row, waits of 1, 2, 4 … seconds. */
export class Backoff {
  readonly #runtime: Runtime
  readonly #free: number
  readonly #maxSeconds: number
  #failure: OidcError | undefined
  #failures = 0
  #retryAt = 0
  #waitMilliseconds = 0

  constructor(runtime: Runtime, settings: BackoffSettings = {}) {
    const { free = 0, maxSeconds = maxBackoffSeconds } = settings
    this.#runtime = runtime
    this.#free = free
    this.#maxSeconds = maxSeconds
  }

  /** The last failure since the last success. */
  get failure(): OidcError | undefined {
    return this.#failure
  }

  /** The number of failures since the last success. */
  get failures(): number {
    return this.#failures
  }

  /**
   * Runs the work, and records success or failure.
   *
   * @param isOutage - whether a failure counts
   */
  async run<T>(work: () => Promise<T>, isOutage: (failure: OidcError) => boolean = () => true): Promise<T> {
    try {
      const value = await work()
      this.recordSuccess()
      return value
    } catch (error) {
      if (isOidcError(error) && isOutage(error)) this.recordFailure(error)
      throw error
    }
  }

  /**
   * Records a failure.
   *
   * @param askedSeconds - the shortest wait, in seconds
   */
  recordFailure(failure: OidcError, askedSeconds = 0): void {
    this.#failure = failure
    const counted = this.#failures++ - this.#free
    if (counted < 0) return
    const seconds = Math.max(askedSeconds, backoffSeconds(counted, this.#maxSeconds, this.#runtime))
    const now = this.#runtime.now()
    this.#retryAt = now + seconds * 1000
    this.#waitMilliseconds = this.#retryAt - now
  }

  /** Records a success, which ends the wait. */
  recordSuccess(): void {
    this.#failure = undefined
    this.#failures = 0
    this.#retryAt = 0
  }

  /** Seconds until the next try is due; 0 once it is. */
  waitSeconds(): number {
    return waitUntil(this.#retryAt, this.#runtime.now(), this.#waitMilliseconds) / 1000
  }

  /**
   * Returns if a try is due.
   *
   * @throws {OidcError} the last failure again, with the remaining seconds in `Retry-After`
   */
  requireTurn(): void {
    const wait = this.waitSeconds()
    if (wait > 0 && this.#failure !== undefined) throw withRetryAfter(this.#failure, wait)
  }
}

// Half of the wait is random, so that many processes do not retry at the same moment.
function backoffSeconds(failures: number, maxSeconds: number, runtime: Runtime): number {
  const longest = Math.min(maxSeconds, 2 ** failures)
  return longest * (0.5 + runtime.randomBytes(1).readUInt8() / 512)
}
