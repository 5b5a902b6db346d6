import type { HttpRequest } from '../http/request.js'
import type { ApplicationConfiguration } from '../options/oidc/schema.js'
import { type BaseUrl, createBaseUrl } from './base-url.js'

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** A base URL whose left-most label is a wildcard: any one label fits. */
export class BaseUrlPattern {
  readonly #configuration: ApplicationConfiguration
  readonly #url: URL
  readonly #suffix: string
  readonly #cookieName: string

  constructor(
    configuration: ApplicationConfiguration,
    { url, cookieName }: { readonly url: string; readonly cookieName: string },
  ) {
    this.#configuration = configuration
    this.#url = new URL(url)
    this.#suffix = withoutDot(this.#url.host).slice(1)
    this.#cookieName = cookieName
  }

  /** The base URL at a host, if that fits. */
  baseUrlAt(host: string): BaseUrl | undefined {
    if (!host.endsWith(this.#suffix) || !label.test(host.slice(0, -this.#suffix.length))) return undefined
    const { protocol, pathname } = this.#url
    const origin = `${protocol}//${host}`
    return createBaseUrl(this.#configuration, origin + pathname, { key: origin, cookieName: this.#cookieName })
  }
}

/** Whether a base URL of the options is a pattern. */
export function isPattern(url: string): boolean {
  return new URL(url).hostname.startsWith('*.')
}

/** The host that a request names, as sent. Over HTTP/2 it is in `:authority` (RFC 9113 section 8.3.1). */
export function hostIn(httpRequest: Pick<HttpRequest, 'header'>): string | undefined {
  return httpRequest.header('host') ?? httpRequest.header(':authority')
}

/** A Host header as URLs spell it: without a trailing dot, and without the default port. */
export function canonicalHost(header: string, secure: boolean): string {
  const [, name = '', port = ''] = /^(.*?)\.?(:\d+)?$/.exec(header.toLowerCase()) ?? []
  return port === (secure ? ':443' : ':80') ? name : name + port
}

/** A host without the trailing dot that its name may have. */
export function withoutDot(host: string): string {
  return host.replace(/\.(?=:|$)/, '')
}
