import { isDeepStrictEqual } from 'node:util'
import { LRUCache } from 'lru-cache'
import { ProviderError } from '../../errors.js'
import { ageOf } from '../../base/age.js'
import { createGrowingCache } from '../../base/cache/growing-cache.js'
import { traced } from '../../base/diagnostics.js'
import { isOidcError, redactedCause } from '../../base/error-cause.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import { Backoff, retryAfterSeconds } from '../../base/outage.js'
import { withDeadline } from '../../base/timers/deadline.js'
import { isProviderName } from '../../options/oidc/providers/names.js'
import { parseProvider, type ProvidersConfiguration } from '../../options/oidc/providers/parse-providers.js'
import type { Application } from '../../relying-party/application.js'
import type { NodeRequest } from '../types.js'
import type { WebRelyingParty } from './relying-parties.js'
import { createWebRelyingParty } from './web-relying-party.js'

/** The application's function that finds providers. */
export type Resolver = (name: string, req: unknown) => unknown

/** Who asks for a provider. */
interface Lookup {
  readonly req: NodeRequest | undefined
  /** Whether anyone may have made the name up. Those of sessions were sealed. */
  readonly isFromPath: boolean
}

interface Known {
  readonly rp: WebRelyingParty
  /** A copy of the options, to see whether later ones differ. */
  readonly options: unknown
  readonly askedAt: number
}

const maxUnknown = 10_000
const maxFailing = 10_000
const maxUnknownSeconds = 30
// Names that anyone has made up must not fill the process with calls of the application.
const maxLookups = 100

/**
 * Keeps the relying parties of providers that the application finds by name: at most one call at a time for each, with bounded
 * memory. While the function fails, those that are known stay in use. There are no timers, so an idle provider costs its entry.
 */
export class ProviderDirectory {
  readonly #application: Application
  readonly #configuration: ProvidersConfiguration
  readonly #resolver: Resolver
  readonly #known: LRUCache<string, Known>
  readonly #unknown: LRUCache<string, number>
  readonly #failing: LRUCache<string, Backoff>
  readonly #lookups = new Map<string, Promise<WebRelyingParty | undefined>>()

  constructor(application: Application, configuration: ProvidersConfiguration, resolver: Resolver) {
    const { runtime } = application
    this.#application = application
    this.#configuration = configuration
    this.#resolver = resolver
    this.#known = new LRUCache({ max: configuration.providerCache.maxEntries })
    this.#unknown = createGrowingCache({ max: maxUnknown, runtime })
    this.#failing = createGrowingCache({ max: maxFailing, runtime })
  }

  /**
   * Finds a relying party, or asks the application.
   *
   * @returns `undefined` for a name that the application does not know, or that cannot be one
   * @throws {ProviderError} rejects with `provider_options_unavailable` if the function fails, and nothing is known
   * @throws {ConfigurationError} rejects with `invalid_options` for the options of this provider
   */
  find(name: string, lookup: Lookup): MaybePromise<WebRelyingParty | undefined> {
    if (!isProviderName(name)) return undefined
    const { seconds } = this.#configuration.providerCache
    const known = this.#known.get(name)
    if (known !== undefined) return this.#isWithin(known.askedAt, seconds) ? known.rp : this.#renew(name, known, lookup)
    const unknownSince = this.#unknown.get(name)
    if (unknownSince !== undefined && this.#isWithin(unknownSince, Math.min(seconds, maxUnknownSeconds)))
      return undefined
    return this.#ask(name, lookup)
  }

  /** A relying party that is in memory. */
  known(name: string): WebRelyingParty | undefined {
    return this.#known.peek(name)?.rp
  }

  /** The relying parties in memory. */
  all(): readonly WebRelyingParty[] {
    return [...this.#known.values()].map(({ rp }) => rp)
  }

  async #renew(name: string, known: Known, lookup: Lookup): Promise<WebRelyingParty | undefined> {
    const wasFailing = this.#failing.has(name)
    const asked = this.#ask(name, { ...lookup, isFromPath: false })
    // Not all requests should wait for a function that hangs.
    if (wasFailing) {
      asked.catch(() => undefined)
      return known.rp
    }
    try {
      return await asked
    } catch {
      return known.rp
    }
  }

  async #ask(name: string, { req, isFromPath }: Lookup): Promise<WebRelyingParty | undefined> {
    const underWay = this.#lookups.get(name)
    if (underWay !== undefined) return underWay
    const backoff = this.#failing.get(name) ?? new Backoff(this.#application.runtime)
    backoff.requireTurn()
    if (isFromPath && this.#lookups.size >= maxLookups) throw unavailable('too many lookups of providers are under way')
    const started = this.#look(name, req, backoff).finally(() => this.#lookups.delete(name))
    this.#lookups.set(name, started)
    return started
  }

  async #look(name: string, req: Lookup['req'], backoff: Backoff): Promise<WebRelyingParty | undefined> {
    try {
      const rp = await traced('provider_options', { provider: name }, () => this.#resolve(name, req))
      this.#failing.delete(name)
      return rp
    } catch (error) {
      if (isOidcError(error)) backoff.recordFailure(error)
      this.#failing.set(name, backoff)
      throw error
    }
  }

  async #resolve(name: string, req: Lookup['req']): Promise<WebRelyingParty | undefined> {
    const options = copyOf(await this.#call(name, req))
    const askedAt = this.#application.runtime.now()
    if (options === undefined || options === null) {
      this.#known.delete(name)
      this.#unknown.set(name, askedAt)
      return undefined
    }
    const before = this.#known.peek(name)
    const isSame = before !== undefined && isDeepStrictEqual(before.options, options)
    const rp = isSame ? before.rp : this.#create(name, options)
    this.#known.set(name, { rp, options, askedAt })
    this.#unknown.delete(name)
    return rp
  }

  // Requests in progress finish at the previous relying party: it is not closed, and its connections end when they are idle.
  #create(name: string, options: unknown): WebRelyingParty {
    const { defaults } = this.#configuration
    // A stranger may have chosen the provider. Its URLs must not reach what is behind the firewall.
    const allowPrivateAddresses = defaults['allowPrivateAddresses'] ?? false
    const { configuration } = parseProvider(name, options, { ...defaults, allowPrivateAddresses })
    return createWebRelyingParty(configuration, this.#application.runtime, { application: this.#application, name })
  }

  async #call(name: string, req: Lookup['req']): Promise<unknown> {
    const seconds = this.#configuration.httpTimeoutSeconds
    const late = () => unavailable(`the function "providers" has not answered within ${seconds} seconds`)
    try {
      return await withDeadline(Promise.resolve(this.#resolver(name, req)), seconds * 1000, late)
    } catch (error) {
      if (error instanceof ProviderError && error.code === 'provider_options_unavailable') throw error
      throw unavailable('the function "providers" has failed', redactedCause(error))
    }
  }

  #isWithin(since: number, seconds: number): boolean {
    return ageOf(since, this.#application.runtime.now()) < seconds * 1000
  }
}

// The application may change its own object later.
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf)
  if (typeof value !== 'object' || value === null) return value
  if (![Object.prototype, null].includes(Reflect.getPrototypeOf(value))) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)]))
}

function unavailable(message: string, cause?: unknown): ProviderError {
  const headers = { 'Retry-After': String(retryAfterSeconds) }
  return new ProviderError('provider_options_unavailable', message, { headers, cause })
}
