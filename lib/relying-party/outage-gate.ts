import { ProviderError } from '../errors.js'
import type { Platform } from '../options/platform.js'
import { backoffSeconds, repeated } from '../provider/backoff.js'

// What a provider may ask for at most; a clock that was set back must not make a wait longer.
const longestWaitSeconds = 3600

/**
 * Leaves a provider alone that is down: after failures nobody asks until the next try is due, and then one does. It opens
 * again with the first answer.
 */
export class OutageGate {
  readonly #platform: Platform
  #failure: ProviderError | undefined
  #failures = 0
  #retryAt = 0
  #isTrying = false

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /**
   * Does the work, unless the provider is known to be down.
   *
   * @throws {ProviderError} the failure told again, with the seconds that are left in `Retry-After`
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined && this.#isShut(this.#failure)) {
      const wait = this.#waitSeconds()
      if (wait > 0 || this.#isTrying) throw repeated(this.#failure, Math.max(1, wait))
      this.#isTrying = true
    }
    try {
      const value = await work()
      this.#open()
      return value
    } catch (error) {
      if (error instanceof ProviderError) this.#fail(error)
      else this.#open()
      throw error
    } finally {
      this.#isTrying = false
    }
  }

  // One failure may be a hiccup, unless the provider itself has said that it wants to be left alone.
  #isShut({ code }: ProviderError): boolean {
    return this.#failures > 1 || code === 'provider_unavailable'
  }

  #fail(error: ProviderError): void {
    const asked = error.code === 'provider_unavailable' ? Number(error.headers['Retry-After'] ?? 0) : 0
    const seconds = Math.max(asked, backoffSeconds(this.#failures++, this.#platform))
    this.#failure = error
    this.#retryAt = this.#platform.now() + seconds * 1000
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
