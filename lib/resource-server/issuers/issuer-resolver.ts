import { ageOf } from '../../base/age.js'
import { outage } from '../../base/outage.js'
import { LRUCache } from 'lru-cache'
import { isUrl } from '../../base/url.js'
import { type ResolvedIssuerConfiguration, resolvedIssuer } from '../../options/bearer/issuer-schema.js'
import { keySources } from '../../options/bearer/keys.js'
import { parseOptions } from '../../options/common/parse.js'
import { callApplication } from '../application-call.js'
import { type IssuerSettings, type TrustedIssuer, createTrustedIssuer } from './trusted-issuer.js'

// With the metadata and keys of a usual provider, about 15 KB each.
const maxKnown = 5000
const maxUnknown = 1000
const maxUnderWay = 100
const maxRetired = 100
const maxIssuerLength = 1024
const knownSeconds = 300
const unknownSeconds = 60

interface Known {
  readonly issuer: TrustedIssuer
  /** The resolver's answer as JSON, to detect when a later one differs. */
  readonly answer: string
  readonly askedAt: number
}

/** Issuers from the application's resolver: at most one call at a time per issuer, with answers cached for minutes. */
export class IssuerResolver {
  readonly #resolver: (issuer: string) => unknown
  readonly #defaults: ResolvedIssuerConfiguration
  readonly #settings: IssuerSettings
  readonly #known = new LRUCache<string, Known>({
    max: maxKnown,
    disposeAfter: ({ issuer }, name) => this.#retire(issuer, name),
  })
  /** Issuers that are no longer known, with requests that may still be under way. */
  readonly #retired = new LRUCache<TrustedIssuer, true>({
    max: maxRetired,
    dispose: (_, issuer) => issuer.close(),
  })
  readonly #unknown = new LRUCache<string, number>({ max: maxUnknown })
  readonly #underWay = new Map<string, Promise<TrustedIssuer | undefined>>()
  #closed = false

  constructor(resolver: (issuer: string) => unknown, defaults: ResolvedIssuerConfiguration, settings: IssuerSettings) {
    this.#resolver = resolver
    this.#defaults = defaults
    this.#settings = settings
  }

  /** An issuer from the cache. */
  peek(name: string): TrustedIssuer | undefined {
    const known = this.#known.get(name)
    return known !== undefined && this.#isWithin(known.askedAt, knownSeconds) ? known.issuer : undefined
  }

  /**
   * Calls the resolver, unless its answer is cached.
   *
   * @returns `undefined` for issuers that the resolver does not know
   * @throws {ProviderError} `provider_unavailable` when the resolver fails, or too many lookups of new issuers are under way;
   *   `provider_timeout` when it does not answer in time; `provider_unreachable` after {@link IssuerResolver.close}
   * @throws {ConfigurationError} `invalid_options` for an invalid answer
   */
  async get(name: string): Promise<TrustedIssuer | undefined> {
    const unknownSince = this.#unknown.get(name)
    if (name.length > maxIssuerLength || !isUrl(name)) return undefined
    if (unknownSince !== undefined && this.#isWithin(unknownSince, unknownSeconds)) return undefined
    const flight = this.#underWay.get(name)
    if (flight !== undefined) return flight
    this.#requireOpen()
    // Anyone can invent issuers, and must not keep out those that the resolver has known.
    if (this.#underWay.size >= maxUnderWay && !this.#known.has(name)) {
      throw outage('provider_unavailable', 'too many lookups of issuers are under way', 1)
    }
    const started = this.#ask(name).finally(() => this.#underWay.delete(name))
    this.#underWay.set(name, started)
    return started
  }

  /** The issuers in the cache. */
  all(): readonly TrustedIssuer[] {
    return [...this.#known.values()].map(({ issuer }) => issuer)
  }

  /** Aborts requests to the issuers, and asks the resolver no more. */
  close(): void {
    this.#closed = true
    for (const issuer of [...this.all(), ...this.#retired.keys()]) issuer.close()
  }

  async #ask(name: string): Promise<TrustedIssuer | undefined> {
    const answer = await this.#resolve(name)
    this.#requireOpen()
    const askedAt = this.#settings.runtime.now()
    if (answer === undefined) {
      this.#known.delete(name)
      this.#unknown.set(name, askedAt)
      return undefined
    }
    const text = JSON.stringify(answer)
    const before = this.#known.peek(name)
    const issuer = before?.answer === text ? before.issuer : this.#create(name, answer)
    this.#known.set(name, { issuer, answer: text, askedAt })
    return issuer
  }

  async #resolve(name: string): Promise<ResolvedIssuerConfiguration | undefined> {
    const { httpTimeoutSeconds } = this.#settings
    const answer = await callApplication('issuer', () => this.#resolver(name), httpTimeoutSeconds)
    return answer === undefined || answer === null ? undefined : parseOptions('issuer()', resolvedIssuer, answer)
  }

  // Keys from one source are never mixed with those from another.
  #create(name: string, answer: ResolvedIssuerConfiguration): TrustedIssuer {
    const given = Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== undefined))
    const defaults = this.#defaults
    const { audience = defaults.audience ?? null } = answer
    const hasOwnKeys = keySources.some((source) => answer[source] !== undefined)
    const noKeys = Object.fromEntries(keySources.map((source) => [source, undefined]))
    return createTrustedIssuer(name, { ...defaults, ...(hasOwnKeys ? noKeys : {}), ...given, audience }, this.#settings)
  }

  #requireOpen(): void {
    if (this.#closed) throw outage('provider_unreachable', 'the connections to issuers are closed')
  }

  // Not closed at once: a request for somebody's token may be under way there.
  #retire(issuer: TrustedIssuer, name: string): void {
    if (this.#known.peek(name)?.issuer !== issuer) this.#retired.set(issuer, true)
  }

  #isWithin(since: number, seconds: number): boolean {
    return ageOf(since, this.#settings.runtime.now()) < seconds * 1000
  }
}
