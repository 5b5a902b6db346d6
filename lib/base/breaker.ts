import { ProviderError } from '../errors.js'
import type { Runtime } from './runtime.js'

const failuresToOpen = 3
const shortestSeconds = 1
const maxSeconds = 30
// An answer that makes no sense was about one token, which anyone can have made up: the server itself is there. Nor does the
// limit of this process say anything of it.
const noOutages: readonly string[] = [
  'provider_response_invalid',
  'provider_response_too_large',
  'outbound_limit_reached',
]

/**
 * Stops asking a server that failed several times in a row: for a while every request fails at once, then they may try
 * again. So callers do not wait for deadlines, and the server is left alone to recover.
 */
export class Breaker {
  readonly #runtime: Runtime
  #failures = 0
  #openUntil = 0
  #failure: ProviderError | undefined

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  /**
   * Does the work, unless it would fail anyway.
   *
   * @throws {ProviderError} the last failure, with `Retry-After`, while the breaker is open
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const wait = this.#waitSeconds()
    if (wait > 0 && this.#failure !== undefined) throw withRetryAfter(this.#failure, wait)
    try {
      const value = await work()
      this.#failures = 0
      this.#openUntil = 0
      return value
    } catch (error) {
      if (error instanceof ProviderError && !noOutages.includes(error.code)) this.#fail(error)
      throw error
    }
  }

  #fail(error: ProviderError): void {
    this.#failure = error
    this.#failures++
    if (this.#failures < failuresToOpen) return
    const seconds = Math.min(maxSeconds, shortestSeconds * 2 ** (this.#failures - failuresToOpen))
    this.#openUntil = this.#runtime.now() + seconds * 1000
  }

  // A clock that was set back must not make a wait longer than any wait can be.
  #waitSeconds(): number {
    const seconds = (this.#openUntil - this.#runtime.now()) / 1000
    return seconds > maxSeconds ? 0 : seconds
  }
}

function withRetryAfter({ code, message, cause }: ProviderError, seconds: number): ProviderError {
  return new ProviderError(code, message, { cause, headers: { 'Retry-After': String(Math.ceil(seconds)) } })
}
