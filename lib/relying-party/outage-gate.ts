import { ProviderError } from '../errors.js'
import type { Platform } from '../options/platform.js'
import { backoffSeconds, repeated } from '../provider/backoff.js'
import { outage, ProviderBusy } from '../provider/failures.js'
import { isOwnLimit } from '../provider/outbound-slots.js'

// What a provider may ask for at most; a clock that was set back must not make a wait longer.
const longestWaitSeconds = 3600

/** A failure before anything was asked: it says nothing of the provider. */
export class NotAsked extends Error {
  readonly reason: unknown

  constructor(reason: unknown) {
    super('nothing was asked')
    this.reason = reason
  }
}

const everybody = Symbol('everybody')

/**
 * Leaves a provider alone that is down: after failures nobody asks until the next try is due, and then one does. It opens
 * again with the first answer. What has failed for one person only is not asked for that one: it may be about that token.
 */
export class OutageGate {
  readonly #platform: Platform
  readonly #slowSeconds: number | undefined
  #failure: ProviderError | undefined
  #failures = 0
  #retryAt = 0
  #isTrying = false
  #whose: string | typeof everybody = everybody

  /** @param slowSeconds - an answer that takes longer is a failure for now, though it is waited for */
  constructor(platform: Platform, slowSeconds?: number) {
    this.#platform = platform
    this.#slowSeconds = slowSeconds
  }

  /**
   * Does the work, unless the provider is known to be down.
   *
   * @param whose - tells whom a request is for, where the provider might fail for one token alone
   * @throws {ProviderError} the failure told again, with the seconds that are left in `Retry-After`
   */
  async run<T>(work: () => Promise<T>, whose?: string): Promise<T> {
    this.#enter(whose)
    const slowness = this.#watch(whose)
    try {
      const value = await work()
      this.#open()
      return value
    } catch (error) {
      if (error instanceof NotAsked) throw error.reason
      if (!isOutage(error)) this.#answered(error)
      else if (!slowness.isCounted()) this.#fail(error, whose)
      throw error
    } finally {
      slowness.end()
      this.#isTrying = false
    }
  }

  #enter(whose: string | undefined): void {
    const failure = this.#failure
    if (failure === undefined || !this.#isShut(failure) || !(this.#whose === everybody || this.#whose === whose)) return
    const wait = this.#waitSeconds()
    if (wait > 0 || this.#isTrying) throw repeated(failure, Math.max(1, wait))
    this.#isTrying = true
  }

  #watch(whose: string | undefined): { isCounted(): boolean; end(): void } {
    let isCounted = false
    const seconds = this.#slowSeconds
    const slow = (): void => {
      isCounted = true
      this.#isTrying = false
      this.#fail(outage('provider_timeout', `the provider has not answered within ${seconds} seconds`), whose)
    }
    const timer = seconds === undefined ? undefined : setTimeout(slow, seconds * 1000).unref()
    return { isCounted: () => isCounted, end: () => clearTimeout(timer) }
  }

  // One failure may be a hiccup, unless the provider itself has said so.
  #isShut({ code }: ProviderError): boolean {
    return this.#failures > 1 || code === 'provider_unavailable'
  }

  #fail(error: ProviderError, whose: string | undefined): void {
    const asked = error.code === 'provider_unavailable' ? Number(error.headers['Retry-After'] ?? 0) : 0
    const seconds = Math.max(asked, backoffSeconds(this.#failures++, this.#platform))
    const isSame = this.#failure === undefined || this.#whose === whose
    this.#whose = isSame && whose !== undefined && !(error instanceof ProviderBusy) ? whose : everybody
    this.#failure = error
    this.#retryAt = this.#platform.now() + seconds * 1000
  }

  // The limit of this process tells nothing of the provider, neither way.
  #answered(error: unknown): void {
    if (!isOwnLimit(error)) this.#open()
  }

  #open(): void {
    this.#failure = undefined
    this.#failures = 0
  }

  #waitSeconds(): number {
    const seconds = (this.#retryAt - this.#platform.now()) / 1000
    return seconds > longestWaitSeconds ? 0 : Math.max(0, seconds)
  }
}

function isOutage(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.code !== 'provider_refused_client' && !isOwnLimit(error)
}
