import { LRUCache } from 'lru-cache'
import { type OidcError, ProviderError } from '../errors.js'
import { Backoff, isOwnLimit, maxBackoffSeconds, outage, withRetryAfter } from './outage.js'
import type { Runtime } from './runtime.js'

// What a provider may ask for at most.
const maxWaitSeconds = 3600
const maxSessions = 10_000

/** A failure before anything was asked: it says nothing of the provider. */
export class NotAsked extends Error {
  readonly reason: unknown

  constructor(reason: unknown) {
    super('no request was made')
    this.reason = reason
  }
}

/** What has failed for one session, and until when that one waits. */
interface Trouble {
  readonly backoff: Backoff
  /** The success of anybody that came last before it. */
  readonly epoch: number
  /** Whether it failed again after others had succeeded: then it is about that session. */
  readonly isOwn: boolean
}

/** One piece of work, which may be the one that finds out whether the provider is back. */
type Run = object

/**
 * Leaves a provider alone that is down: after failures nobody asks until the next try is due, and then one does. It opens
 * again with the first answer.
 *
 * A failure may be about one session's token. Each session therefore waits for itself, and only the first failure of each
 * counts for everybody, from the second session on: however often tokens fail that are dead, others go on.
 *
 * Where nobody is asked for, and one failure says nothing of the next, a {@link Backoff} alone does.
 */
export class CircuitBreaker {
  readonly #runtime: Runtime
  readonly #slowSeconds: number | undefined
  readonly #troubles: LRUCache<string, Trouble>
  readonly #backoff: Backoff
  #isNamed = false
  #epoch = 0
  #trier: Run | undefined

  /** @param slowSeconds - an answer that takes longer is a failure for now, though it is waited for */
  constructor(runtime: Runtime, slowSeconds?: number) {
    this.#runtime = runtime
    this.#slowSeconds = slowSeconds
    this.#backoff = newBackoff(runtime)
    const ttl = maxWaitSeconds * 1000
    this.#troubles = new LRUCache({ max: maxSessions, ttl, perf: runtime, ttlResolution: 0 })
  }

  /**
   * Does the work, unless the provider is known to be down.
   *
   * @param whose - tells whom a request is for, where the provider might fail for one token alone
   * @throws {ProviderError} the failure told again, with the seconds that are left in `Retry-After`
   */
  async run<T>(work: () => Promise<T>, whose?: string): Promise<T> {
    const run: Run = {}
    this.#enter(run, whose)
    const slowness = this.#watch(run, whose)
    try {
      const value = await work()
      this.#open(whose)
      return value
    } catch (error) {
      if (error instanceof NotAsked) throw error.reason
      if (!isOutage(error)) this.#answered(error, whose)
      else if (!slowness.isCounted()) this.#fail(error, whose)
      throw error
    } finally {
      slowness.end()
      this.#leave(run)
    }
  }

  #enter(run: Run, whose: string | undefined): void {
    const trouble = this.#troubleOf(whose)
    if (trouble !== undefined) this.#requireOwnTurn(trouble)
    const { failure } = this.#backoff
    if (failure === undefined || !this.#isShut(failure)) return
    const wait = this.#backoff.waitSeconds()
    // Whoever has failed already would fail again, and say nothing new, if it is about the token.
    const isBusy = trouble === undefined && this.#trier !== undefined
    if (wait > 0 || isBusy) throw withRetryAfter(failure, Math.max(1, wait))
    if (trouble === undefined) this.#trier = run
  }

  // After a success of others it may ask at once, but no more than that once.
  #requireOwnTurn({ backoff, epoch, isOwn }: Trouble): void {
    if (epoch !== this.#epoch && !isOwn) return
    const { failure, failures } = backoff
    const wait = backoff.waitSeconds()
    if (wait > 0 && failure !== undefined && (failures > 1 || saysSo(failure))) {
      throw withRetryAfter(failure, Math.max(1, wait))
    }
  }

  #watch(run: Run, whose: string | undefined): { isCounted(): boolean; end(): void } {
    let isCounted = false
    const seconds = this.#slowSeconds
    const slow = (): void => {
      isCounted = true
      this.#leave(run)
      this.#fail(outage('provider_timeout', `the provider has not answered within ${seconds} seconds`), whose)
    }
    const timer = seconds === undefined ? undefined : setTimeout(slow, seconds * 1000).unref()
    return { isCounted: () => isCounted, end: () => clearTimeout(timer) }
  }

  #leave(run: Run): void {
    if (this.#trier === run) this.#trier = undefined
  }

  // One failure may be a hiccup, unless the provider itself has said so; or be about one session.
  #isShut(failure: OidcError): boolean {
    return this.#backoff.failures > 1 || (!this.#isNamed && saysSo(failure))
  }

  #fail(failure: ProviderError, whose: string | undefined): void {
    const asked = saysSo(failure) ? Number(failure.headers['Retry-After'] ?? 0) : 0
    const isFirst = whose === undefined || this.#keep(whose, failure, asked)
    if (!isFirst) return
    const longest = whose === undefined ? maxWaitSeconds : maxBackoffSeconds
    this.#backoff.failed(failure, Math.min(asked, longest))
    this.#isNamed = whose !== undefined
  }

  /** Has a session wait. Returns whether it is its first failure. */
  #keep(whose: string, failure: ProviderError, asked: number): boolean {
    const before = this.#troubleOf(whose)
    const backoff = before?.backoff ?? newBackoff(this.#runtime)
    backoff.failed(failure, asked)
    const isOwn = before !== undefined && (before.isOwn || before.epoch !== this.#epoch)
    this.#troubles.set(whose, { backoff, epoch: this.#epoch, isOwn })
    return before === undefined
  }

  #troubleOf(whose: string | undefined): Trouble | undefined {
    return whose === undefined || this.#troubles.size === 0 ? undefined : this.#troubles.get(whose)
  }

  // The limit of this process tells nothing of the provider, neither way.
  #answered(error: unknown, whose: string | undefined): void {
    if (!isOwnLimit(error)) this.#open(whose)
  }

  #open(whose: string | undefined): void {
    this.#backoff.succeeded()
    this.#epoch += 1
    if (whose !== undefined) this.#troubles.delete(whose)
  }
}

function newBackoff(runtime: Runtime): Backoff {
  return new Backoff(runtime, { maxAskedSeconds: maxWaitSeconds })
}

function saysSo({ code }: OidcError): boolean {
  return code === 'provider_unavailable'
}

function isOutage(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.code !== 'provider_refused_client' && !isOwnLimit(error)
}
