import { LRUCache } from 'lru-cache'
import { isUrl } from '../base/url.js'
import { AccessError, ConfigurationError } from '../errors.js'
import type { HttpRequest } from '../http/request.js'
import type { ApplicationConfiguration } from '../options/oidc/schema.js'
import { atProvider, type BaseUrl, configuredUrls, cookieNameOf, createBaseUrl } from './base-url.js'
import { BaseUrlPattern, canonicalHost, hostIn, isPattern, withoutDot } from './base-url-pattern.js'

/** A request, as far as its base URL depends on it. */
type Addressed = Pick<HttpRequest, 'header' | 'source'>

/** The base URLs of one application: a list, of which some may be patterns. */
export interface BaseUrls {
  /** Whether cookies are `Secure`: all base URLs have the same protocol. */
  readonly secure: boolean
  /** Those whose hosts are in the options, and for which nobody but the Host header decides. */
  readonly named: readonly BaseUrl[]
  /** The names of session cookies. */
  readonly cookieNames: readonly string[]
  /** Whether each session belongs to one base URL: there are several, and no `cookie.domain` shares it. */
  readonly areApart: boolean
  /** Whether a request may come to a host that is not one of the application's. */
  readonly mayRefuse: boolean
  /**
   * Finds the base URL of a request. The Host header is only compared with the options, and never used to build a URL of a host
   * that they do not allow. A trailing dot and the default port do not count.
   *
   * @throws {AccessError} `host_not_allowed`
   */
  of(httpRequest: Addressed): BaseUrl
  /**
   * Finds a base URL by its key.
   *
   * @throws {AccessError} `host_not_allowed` if the options have changed
   */
  at(key: BaseUrl['key']): BaseUrl
  /** Whether something that began at one base URL may be finished at another, because a proxy has changed the Host. */
  isFittingEnd(key: BaseUrl['key'], httpRequest: Addressed): boolean
  /** Whether a page of this origin may open a WebSocket with a request. */
  isOwnOrigin(origin: string, httpRequest: Addressed): boolean
}

/** Creates the base URLs of the options. */
export function createBaseUrls(configuration: ApplicationConfiguration): BaseUrls {
  const urls = configuredUrls(configuration)
  const [only, ...others] = urls
  if (only === undefined) throw new RangeError('an application needs a base URL')
  if (others.length > 0 || isPattern(only) || configuration.baseUrlOf !== undefined)
    return new SeveralBaseUrls(configuration, urls)
  return new OneBaseUrl(createBaseUrl(configuration, only, { key: 0, cookieName: cookieNameOf(configuration, only) }))
}

/** The same base URLs, with the routes of one of several providers. */
export function allAtProvider(baseUrls: BaseUrls, name: string): BaseUrls {
  const known = new WeakMap<BaseUrl, BaseUrl>()
  const at = (base: BaseUrl): BaseUrl => {
    const found = known.get(base) ?? atProvider(base, name)
    known.set(base, found)
    return found
  }
  const { secure, named, cookieNames, areApart, mayRefuse } = baseUrls
  return {
    ...{ secure, named: named.map(at), cookieNames, areApart, mayRefuse },
    of: (httpRequest) => at(baseUrls.of(httpRequest)),
    at: (key) => at(baseUrls.at(key)),
    isFittingEnd: (key, httpRequest) => baseUrls.isFittingEnd(key, httpRequest),
    isOwnOrigin: (origin, httpRequest) => baseUrls.isOwnOrigin(origin, httpRequest),
  }
}

/** The base URL of a request: see {@link BaseUrls.of}. */
export function baseUrlOf(baseUrls: BaseUrls, httpRequest: Addressed): BaseUrl {
  return baseUrls.of(httpRequest)
}

/** Creates something once per cookie name: base URLs that share cookies share it. */
export function byCookieName<T>({ cookieNames }: BaseUrls, make: (name: string) => T): (base: BaseUrl) => T {
  const made = new Map(cookieNames.map((name) => [name, make(name)]))
  return ({ cookieName }) => made.get(cookieName) ?? make(cookieName)
}

class OneBaseUrl implements BaseUrls {
  readonly secure: boolean
  readonly named: readonly BaseUrl[]
  readonly cookieNames: readonly string[]
  readonly areApart = false
  readonly mayRefuse = false
  readonly #base: BaseUrl

  constructor(base: BaseUrl) {
    this.secure = base.secure
    this.named = [base]
    this.cookieNames = [base.cookieName]
    this.#base = base
  }

  of(): BaseUrl {
    return this.#base
  }

  at(): BaseUrl {
    return this.#base
  }

  isFittingEnd(): boolean {
    return true
  }

  isOwnOrigin(origin: string): boolean {
    return origin === this.#base.origin
  }
}

// The values derived from a host are small, and quick to derive again.
const maxDerived = 1000

class SeveralBaseUrls implements BaseUrls {
  readonly secure: boolean
  readonly cookieNames: readonly string[]
  readonly areApart: boolean
  readonly mayRefuse: boolean
  readonly #named: readonly BaseUrl[]
  readonly #patterns: readonly BaseUrlPattern[]
  readonly #derived = new LRUCache<string, BaseUrl>({ max: maxDerived })
  readonly #choose: ((req: unknown) => unknown) | undefined
  readonly #chosen = new WeakMap<object, BaseUrl>()

  constructor(configuration: ApplicationConfiguration, urls: readonly string[]) {
    const entries = urls.map((url, key) => ({ url, key, cookieName: cookieNameOf(configuration, url) }))
    const named = entries.filter(({ url }) => !isPattern(url))
    this.#named = named.map(({ url, ...source }) => createBaseUrl(configuration, url, source))
    const patterns = entries.filter(({ url }) => isPattern(url))
    this.#patterns = patterns.map((entry) => new BaseUrlPattern(configuration, entry))
    this.#choose = configuration.baseUrlOf
    this.secure = urls.every((url) => url.startsWith('https:'))
    this.cookieNames = [...new Set(entries.map(({ cookieName }) => cookieName))]
    this.areApart = configuration.session.cookie.domain === undefined
    this.mayRefuse = this.#patterns.length > 0 || this.#choose !== undefined
  }

  of(httpRequest: Addressed): BaseUrl {
    if (this.#choose !== undefined) return this.#chosenFor(this.#choose, httpRequest.source)
    const header = hostIn(httpRequest) ?? ''
    return this.#atHost(canonicalHost(header, this.secure)) ?? this.#first()
  }

  at(key: BaseUrl['key']): BaseUrl {
    const found = typeof key === 'string' ? this.#atUrl(key) : this.#named.find((base) => base.key === key)
    return found ?? this.#first()
  }

  get named(): readonly BaseUrl[] {
    return this.#choose === undefined ? this.#named : []
  }

  isFittingEnd(key: BaseUrl['key'], httpRequest: Addressed): boolean {
    return !this.mayRefuse || this.of(httpRequest).key === key
  }

  isOwnOrigin(origin: string, httpRequest: Addressed): boolean {
    if (this.mayRefuse && this.areApart) return this.of(httpRequest).origin === origin
    // Programs send no Origin, and sandboxed frames `null`.
    return isUrl(origin) && this.#atUrl(origin)?.origin === origin
  }

  // The function may be slow, or not answer the same twice.
  #chosenFor(choose: (req: unknown) => unknown, req: unknown): BaseUrl {
    const isObject = typeof req === 'object' && req !== null
    const known = isObject ? this.#chosen.get(req) : undefined
    if (known !== undefined) return known
    const url = choose(req)
    if (url !== undefined && !isUrl(url)) throw noUrl()
    const base = url === undefined ? undefined : this.#atUrl(url)
    if (base === undefined || !hasPath(base, url)) throw hostNotAllowed()
    if (isObject) this.#chosen.set(req, base)
    return base
  }

  #atUrl(text: string): BaseUrl | undefined {
    const { protocol, host } = new URL(text)
    return protocol === (this.secure ? 'https:' : 'http:') ? this.#atHost(withoutDot(host)) : undefined
  }

  #atHost(host: string): BaseUrl | undefined {
    const known = this.#named.find((base) => base.host === host) ?? this.#derived.get(host)
    if (known !== undefined) return known
    for (const pattern of this.#patterns) {
      const base = pattern.baseUrlAt(host)
      if (base === undefined) continue
      this.#derived.set(host, base)
      return base
    }
    return undefined
  }

  // In a list without patterns, the first base URL stands for all hosts that the list does not name.
  #first(): BaseUrl {
    const [first] = this.#named
    if (first === undefined || this.mayRefuse) throw hostNotAllowed()
    return first
  }
}

function hasPath({ prefix }: BaseUrl, url: unknown): boolean {
  return new URL(String(url)).pathname.replace(/\/$/, '') === prefix
}

function hostNotAllowed(): AccessError {
  const message = 'the application is not available at this host: no URL or pattern in "baseUrls" matches it'
  return new AccessError('host_not_allowed', message)
}

function noUrl(): ConfigurationError {
  const message =
    'baseUrl() must return one of the "baseUrls", at once and as text, or undefined for a host that is not allowed'
  return new ConfigurationError('invalid_options', message)
}
