import { hash } from 'node:crypto'
import type { HttpRequest } from '../http/request.js'
import type { ReturnToPolicy } from '../http/return-to.js'
import type { OidcConfiguration } from '../options/oidc/schema.js'

type RouteName = 'login' | 'callback' | 'logout' | 'backchannelLogout' | 'frontchannelLogout'

/** One base URL of the application with everything derived from it. */
export interface BaseUrl {
  readonly index: number
  readonly origin: string
  /** As `Host` names it, without the default port of its protocol. */
  readonly host: string
  /** Path of the base URL, without a slash at its end. */
  readonly prefix: string
  /** What proxies may leave of the prefix: the whole first, then less and less. */
  readonly arrivals: readonly string[]
  /** Whether cookies are `Secure`. */
  readonly secure: boolean
  /** Name of the session cookie, without prefix; those of the other cookies begin with it. */
  readonly cookieName: string
  /** Full paths of the routes, and of the page that the provider's logout leads back to, as browsers see them. */
  readonly paths: Readonly<Record<RouteName | 'postLogout', string>>
  readonly redirectUri: string
  readonly postLogoutRedirectUri: string
  /** Where people go who came from nowhere. */
  readonly home: string
  readonly returnTo: ReturnToPolicy
}

/** The application's sites, in the order of its configuration. */
export function createBaseUrls(configuration: OidcConfiguration): readonly BaseUrl[] {
  const baseUrls = configuredUrls(configuration)
  return baseUrls.map((baseUrl, index) => createBaseUrl(configuration, baseUrls, baseUrl, index))
}

/**
 * The name of the cookies of logins on their way. They are the same for all sites: the login itself knows where it belongs,
 * should a proxy have changed the Host on its way back.
 */
export function transactionCookieName(configuration: OidcConfiguration): string {
  return configuration.session.cookie.name ?? defaultCookieName(configuredUrls(configuration))
}

/**
 * The name that cookies have by default: browsers send them to every port and path of a host (RFC 6265 section 8.5), where
 * other applications may be.
 *
 * @param baseUrls - that share the cookies, in any order
 */
export function defaultCookieName(baseUrls: readonly string[]): string {
  const urls = baseUrls.map((baseUrl) => new URL(baseUrl).href.replace(/\/$/, '')).sort()
  return `oidc_${hash('sha256', urls.join(' '), 'hex').slice(0, 8)}`
}

function configuredUrls({ baseUrls, baseUrl = '' }: OidcConfiguration): readonly string[] {
  return baseUrls ?? [baseUrl]
}

/** Makes something once for each cookie name; sites that share their cookies share it. */
export function byCookieName<T>(baseUrls: readonly BaseUrl[], make: (name: string) => T): (base: BaseUrl) => T {
  const made = new Map(baseUrls.map(({ cookieName }) => [cookieName, make(cookieName)]))
  return ({ cookieName }) => made.get(cookieName) ?? make(cookieName)
}

/**
 * The base URL that a request came to: by its Host where that is one of ours, else the first. Nothing is built from the header
 * itself. A dot at its end and the default port make no other host.
 */
export function baseUrlOf(
  baseUrls: readonly [BaseUrl, ...BaseUrl[]],
  httpRequest: Pick<HttpRequest, 'header'>,
): BaseUrl {
  if (baseUrls.length === 1) return baseUrls[0]
  const host = canonicalHost(httpRequest.header('host') ?? httpRequest.header(':authority') ?? '', baseUrls[0])
  return baseUrls.find((base) => base.host === host) ?? baseUrls[0]
}

// All sites have one protocol.
function canonicalHost(header: string, { secure }: BaseUrl): string {
  const [, name = '', port = ''] = /^(.*?)\.?(:\d+)?$/.exec(header.toLowerCase()) ?? []
  return port === (secure ? ':443' : ':80') ? name : name + port
}

/**
 * The path by which browsers know what arrived as `path`: proxies may have taken the first segments of the base URL's path
 * away, or all.
 */
export function publicPath({ prefix, arrivals }: BaseUrl, path: string): string {
  if (prefix === '') return path
  const arrived = arrivals.find((rest) => path === rest || path.startsWith(`${rest}/`)) ?? ''
  return prefix + path.slice(arrived.length)
}

function createBaseUrl(
  configuration: OidcConfiguration,
  baseUrls: readonly string[],
  baseUrl: string,
  index: number,
): BaseUrl {
  const { routes, returnTo, logout, session } = configuration
  const url = new URL(baseUrl)
  const prefix = url.pathname.replace(/\/$/, '')
  const segments = prefix.split('/').slice(1)
  const own = {
    login: prefix + routes.login,
    callback: prefix + routes.callback,
    logout: prefix + routes.logout,
    backchannelLogout: prefix + routes.backchannelLogout,
    frontchannelLogout: prefix + routes.frontchannelLogout,
  }
  const postLogout = prefix + logout.returnTo
  return {
    index,
    origin: url.origin,
    host: url.host.replace(/\.(?=:|$)/, ''),
    prefix,
    arrivals: segments.map((_, index) => `/${segments.slice(index).join('/')}`),
    secure: url.protocol === 'https:',
    cookieName: session.cookie.name ?? defaultCookieName(session.cookie.domain === undefined ? [baseUrl] : baseUrls),
    paths: { ...own, postLogout },
    redirectUri: url.origin + own.callback,
    postLogoutRedirectUri: url.origin + postLogout,
    home: returnTo.default === undefined ? `${prefix}/` : prefix + returnTo.default,
    returnTo: { origin: url.origin, origins: returnTo.origins, reservedPaths: Object.values(own) },
  }
}
