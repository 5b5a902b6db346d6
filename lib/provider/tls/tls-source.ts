import { traced } from '../../base/diagnostics.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import { ageOf } from '../../base/age.js'
import { outage } from '../../base/outage.js'
import type { Runtime } from '../../base/runtime.js'
import { isOidcError } from '../../base/error-cause.js'
import type { ApiTlsConfiguration, TlsConfiguration } from '../../options/common/tls.js'
import { callInTime } from '../../base/timers/call-in-time.js'
import { isExpired } from './validity.js'

/** The current certificates of connections: the same object as long as they stay the same. */
export interface TlsSource<Tls extends ApiTlsConfiguration = TlsConfiguration> {
  /**
   * The certificates for a new connection. It is a promise only before the first ones are known, and once the known ones have
   * expired.
   *
   * @throws {ProviderError} `provider_timeout`, `provider_unavailable`
   */
  current(): MaybePromise<Tls>
  /** Starts to replace them if that is due; does not wait for it. */
  refreshIfDue(): void
  /** The last ones, if there were any yet. */
  known(): Tls | undefined
  /** Calls the function after they were replaced. */
  onReplaced(listener: () => void): void
}

/** Where certificates come from, and how long that may take. */
export interface TlsSourceSettings<Tls> {
  /** The option, for messages. */
  readonly option: string
  readonly parse: (given: unknown) => Tls
  readonly runtime: Runtime
  readonly seconds: number
  readonly issuer?: string | undefined
}

const askAgainMilliseconds = 60_000

/** Certificates as the option gives them: fixed, or from a function. */
export function createTlsSource<Tls extends ApiTlsConfiguration>(
  given: Tls | (() => unknown),
  settings: TlsSourceSettings<Tls>,
): TlsSource<Tls> {
  return typeof given === 'function' ? new RenewedTls(given, settings) : fixedTls(given)
}

/** Certificates that do not change. */
export function fixedTls<Tls extends ApiTlsConfiguration>(tls: Tls): TlsSource<Tls> {
  return { current: () => tls, known: () => tls, refreshIfDue: () => undefined, onReplaced: () => undefined }
}

class RenewedTls<Tls extends ApiTlsConfiguration> implements TlsSource<Tls> {
  readonly #obtain: () => unknown
  readonly #settings: TlsSourceSettings<Tls>
  readonly #listeners: (() => void)[] = []
  #known: Tls | undefined
  #askedAt = 0
  #flight: Promise<Tls> | undefined

  constructor(obtain: () => unknown, settings: TlsSourceSettings<Tls>) {
    this.#obtain = obtain
    this.#settings = settings
  }

  known(): Tls | undefined {
    return this.#known
  }

  onReplaced(listener: () => void): void {
    this.#listeners.push(listener)
  }

  refreshIfDue(): void {
    const { runtime } = this.#settings
    if (ageOf(this.#askedAt, runtime.now()) >= askAgainMilliseconds) this.#ask().catch(() => undefined)
  }

  // Requests do not wait for a vault that is slow or down, unless what is known is worth nothing any more.
  current(): MaybePromise<Tls> {
    const known = this.#known
    if (known === undefined) return this.#ask()
    this.refreshIfDue()
    if (this.#flight === undefined || !isExpired(known, this.#settings.runtime.now())) return known
    return this.#flight.catch(() => known)
  }

  #ask(): Promise<Tls> {
    const { issuer } = this.#settings
    this.#flight ??= traced('certificates', issuer === undefined ? {} : { issuer }, () => this.#replace()).finally(
      () => {
        this.#flight = undefined
      },
    )
    return this.#flight
  }

  async #replace(): Promise<Tls> {
    const { option, seconds, runtime } = this.#settings
    this.#askedAt = runtime.now()
    const next = this.#parse(await callInTime(option, this.#obtain, seconds))
    const before = this.#known
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(next)) return before
    this.#known = next
    if (before !== undefined) for (const listener of this.#listeners) listener()
    return next
  }

  // Files that are being replaced may not match for a moment: that is an outage.
  #parse(given: unknown): Tls {
    const { option, parse } = this.#settings
    try {
      return parse(given)
    } catch (error) {
      const flaws = isOidcError(error) ? error.message.split('\n  - ').slice(1).join('; ') : ''
      const message = `the function in "${option}" returned certificates that cannot be used: ${flaws}`
      throw outage('provider_unavailable', message, undefined, error)
    }
  }
}
