import type { LRUCache } from 'lru-cache'
import { type OidcError, ProviderError } from '../errors.js'
import { Backoff, isOwnLimit, maxBackoffSeconds, outage, withRetryAfter } from './outage.js'
import { createGrowingCache } from './cache/growing-cache.js'
import type { Runtime } from './runtime.js'

// The longest wait that a provider may ask for.
const maxWaitSeconds = 3600
const maxSessions = 10_000

/** A failure before any request was sent: it says nothing about the provider. */
export class NotSent extends Error {
  readonly reason: unknown

  constructor(reason: unknown) {
    super('no request was made')
    this.reason = reason
  }
}

/** The failures of one session, and until when it waits. */
interface SessionFailures {
  readonly backoff: Backoff
  /** The number of the last success of any session before the failure. */
  readonly epoch: number
  /** Whether it failed again after other sessions had succeeded: the cause is then this session. */
  readonly isOwn: boolean
}

/** Identifies one run, which may be the trial that finds out whether the provider is back. */
type Run = object

/**
 * A circuit breaker: after failures, no requests are sent until the next try is due; then a single trial is. The first
 * response closes the circuit.
 *
 * A failure may concern one session's token only. So each session has its own backoff, and only its first failure
 * counts towards the common one, which needs the failures of two sessions. However often dead tokens fail, other
 * sessions are not affected.
 *
 * For requests that do not belong to a session, a {@link Backoff} is enough.
 */
export class CircuitBreaker {
  readonly #runtime: Runtime
  readonly #slowSeconds: number | undefined
  /** By the key of the session. */
  readonly #sessions: LRUCache<string, SessionFailures>
  readonly #backoff: Backoff
  #isNamed = false
  #epoch = 0
  /** The one request that finds out whether the provider is back. */
  #trial: Run | undefined

  /** @param slowSeconds - a response that takes longer counts as a failure, although the caller still waits for it */
  constructor(runtime: Runtime, slowSeconds?: number) {
    this.#runtime = runtime
    this.#slowSeconds = slowSeconds
    this.#backoff = new Backoff(runtime)
    this.#sessions = createGrowingCache({ max: maxSessions, milliseconds: maxWaitSeconds * 1000, runtime })
  }

  /**
   * Does the work, unless the provider is known to be down.
   *
   * @param sessionKey - identifies the session, if a failure may concern its token only
   * @throws {ProviderError} the last failure again, with the remaining seconds in `Retry-After`
   */
  async run<T>(work: () => Promise<T>, sessionKey?: string): Promise<T> {
    const run: Run = {}
    this.#admit(run, sessionKey)
    const slowness = this.#watchSlowness(run, sessionKey)
    try {
      const value = await work()
      this.#recordSuccess(sessionKey)
      return value
    } catch (error) {
      if (error instanceof NotSent) throw error.reason
      if (!isOutage(error)) this.#recordResponse(error, sessionKey)
      else if (!slowness.isCounted()) this.#recordFailure(error, sessionKey)
      throw error
    } finally {
      slowness.end()
      this.#endTrial(run)
    }
  }

  // Throws the last failure while the circuit is open, except for the trial.
  #admit(run: Run, sessionKey: string | undefined): void {
    const earlier = this.#failuresOf(sessionKey)
    if (earlier !== undefined) this.#requireOwnTurn(earlier)
    const { failure } = this.#backoff
    if (failure === undefined || !this.#isOpen(failure)) return
    const wait = this.#backoff.waitSeconds()
    // A session that has failed before is not the trial: it may fail because of its token, which proves nothing.
    const isBusy = earlier === undefined && this.#trial !== undefined
    if (wait > 0 || isBusy) throw withRetryAfter(failure, Math.max(1, wait))
    if (earlier === undefined) this.#trial = run
  }

  // After another session's success, this one may retry at once, but only once.
  #requireOwnTurn({ backoff, epoch, isOwn }: SessionFailures): void {
    if (epoch !== this.#epoch && !isOwn) return
    const { failure, failures } = backoff
    const wait = backoff.waitSeconds()
    if (wait > 0 && failure !== undefined && (failures > 1 || isReportedByProvider(failure))) {
      throw withRetryAfter(failure, Math.max(1, wait))
    }
  }

  #watchSlowness(run: Run, sessionKey: string | undefined): { isCounted(): boolean; end(): void } {
    let isCounted = false
    const seconds = this.#slowSeconds
    const slow = (): void => {
      isCounted = true
      this.#endTrial(run)
      this.#recordFailure(
        outage('provider_timeout', `the provider has not answered within ${seconds} seconds`),
        sessionKey,
      )
    }
    const timer = seconds === undefined ? undefined : setTimeout(slow, seconds * 1000).unref()
    return { isCounted: () => isCounted, end: () => clearTimeout(timer) }
  }

  #endTrial(run: Run): void {
    if (this.#trial === run) this.#trial = undefined
  }

  // One failure may be a hiccup, or concern one session; unless the provider itself has reported an outage.
  #isOpen(failure: OidcError): boolean {
    return this.#backoff.failures > 1 || (!this.#isNamed && isReportedByProvider(failure))
  }

  #recordFailure(failure: ProviderError, sessionKey: string | undefined): void {
    const asked = isReportedByProvider(failure) ? Number(failure.headers['Retry-After'] ?? 0) : 0
    const isFirst = sessionKey === undefined || this.#recordSessionFailure(sessionKey, failure, asked)
    if (!isFirst) return
    const longest = sessionKey === undefined ? maxWaitSeconds : maxBackoffSeconds
    this.#backoff.recordFailure(failure, Math.min(asked, longest))
    this.#isNamed = sessionKey !== undefined
  }

  /** Records a session's failure. Returns whether it is its first. */
  #recordSessionFailure(sessionKey: string, failure: ProviderError, asked: number): boolean {
    const before = this.#failuresOf(sessionKey)
    const backoff = before?.backoff ?? new Backoff(this.#runtime)
    backoff.recordFailure(failure, asked)
    const isOwn = before !== undefined && (before.isOwn || before.epoch !== this.#epoch)
    this.#sessions.set(sessionKey, { backoff, epoch: this.#epoch, isOwn })
    return before === undefined
  }

  #failuresOf(sessionKey: string | undefined): SessionFailures | undefined {
    return sessionKey === undefined || this.#sessions.size === 0 ? undefined : this.#sessions.get(sessionKey)
  }

  // The limit on this process's own requests says nothing about the provider: it counts neither way.
  #recordResponse(error: unknown, sessionKey: string | undefined): void {
    if (!isOwnLimit(error)) this.#recordSuccess(sessionKey)
  }

  #recordSuccess(sessionKey: string | undefined): void {
    this.#backoff.recordSuccess()
    this.#epoch += 1
    if (sessionKey !== undefined) this.#sessions.delete(sessionKey)
  }
}

function isReportedByProvider({ code }: OidcError): boolean {
  return code === 'provider_unavailable'
}

function isOutage(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.code !== 'provider_refused_client' && !isOwnLimit(error)
}
