import { hash } from 'node:crypto'
import type { HttpRequest } from '../http/request.js'
import type { ReturnToPolicy } from '../http/return-to.js'
import type { ApplicationConfiguration } from '../options/oidc/schema.js'

type OptionalRouteName = 'login' | 'logout' | 'backchannelLogout' | 'frontchannelLogout'

/** One base URL of the application, and everything derived from it. */
export interface BaseUrl {
  readonly index: number
  readonly origin: string
  /** As in the `Host` header, without the default port of the protocol. */
  readonly host: string
  /** Path of the base URL, without a trailing slash. */
  readonly prefix: string
  /** What proxies may leave of the prefix, the longest first. */
  readonly arrivals: readonly string[]
  /** Whether cookies are `Secure`. */
  readonly secure: boolean
  /** Name of the session cookie without prefix; the names of the other cookies begin with it. */
  readonly cookieName: string
  /** Full paths of the routes and the post-logout page, as browsers see them; `undefined` for a route that is off. */
  readonly paths: Readonly<Record<'callback' | 'postLogout', string> & Record<OptionalRouteName, string | undefined>>
  readonly redirectUri: string
  readonly postLogoutRedirectUri: string
  /** Where to go when there is no `returnTo`. */
  readonly home: string
  readonly returnTo: ReturnToPolicy
}

/** Creates the application's base URLs, in the configured order. */
export function createBaseUrls(configuration: ApplicationConfiguration): readonly BaseUrl[] {
  const baseUrls = configuredUrls(configuration)
  return baseUrls.map((baseUrl, index) => createBaseUrl(configuration, baseUrls, baseUrl, index))
}

/**
 * The name of the transaction cookies. It is the same for all base URLs: a transaction knows its own, in case a proxy
 * has changed the Host of the callback.
 */
export function transactionCookieName(configuration: ApplicationConfiguration): string {
  return configuration.session.cookie.name ?? defaultCookieName(configuredUrls(configuration))
}

/**
 * The default name of cookies. It depends on the base URLs, because browsers send cookies to every port and path of a
 * host (RFC 6265 section 8.5), where there may be other applications.
 *
 * @param baseUrls - the base URLs that share the cookies, in any order
 */
export function defaultCookieName(baseUrls: readonly string[]): string {
  const urls = baseUrls.map((baseUrl) => new URL(baseUrl).href.replace(/\/$/, '')).sort()
  return `oidc_${hash('sha256', urls.join(' '), 'hex').slice(0, 8)}`
}

function configuredUrls({ baseUrls, baseUrl = '' }: ApplicationConfiguration): readonly string[] {
  return baseUrls ?? [baseUrl]
}

/** A base URL with the routes of one of several providers: except for the logout, they end with its name. */
export function atProvider(base: BaseUrl, name: string): BaseUrl {
  const below = (path: string | undefined): string | undefined => (path === undefined ? undefined : `${path}/${name}`)
  const { login, callback, backchannelLogout, frontchannelLogout } = base.paths
  const own = {
    login: below(login),
    callback: `${callback}/${name}`,
    backchannelLogout: below(backchannelLogout),
    frontchannelLogout: below(frontchannelLogout),
  }
  return { ...base, paths: { ...base.paths, ...own }, redirectUri: base.origin + own.callback }
}

/** Creates something once per cookie name: base URLs that share cookies share it. */
export function byCookieName<T>(baseUrls: readonly BaseUrl[], make: (name: string) => T): (base: BaseUrl) => T {
  const made = new Map(baseUrls.map(({ cookieName }) => [cookieName, make(cookieName)]))
  return ({ cookieName }) => made.get(cookieName) ?? make(cookieName)
}

/**
 * Finds the base URL of a request: the one that matches its Host, otherwise the first. The header is only compared,
 * never used to build a URL. A trailing dot and the default port do not count.
 */
export function baseUrlOf(
  baseUrls: readonly [BaseUrl, ...BaseUrl[]],
  httpRequest: Pick<HttpRequest, 'header'>,
): BaseUrl {
  if (baseUrls.length === 1) return baseUrls[0]
  const host = canonicalHost(httpRequest.header('host') ?? httpRequest.header(':authority') ?? '', baseUrls[0])
  return baseUrls.find((base) => base.host === host) ?? baseUrls[0]
}

// All base URLs have the same protocol.
function canonicalHost(header: string, { secure }: BaseUrl): string {
  const [, name = '', port = ''] = /^(.*?)\.?(:\d+)?$/.exec(header.toLowerCase()) ?? []
  return port === (secure ? ':443' : ':80') ? name : name + port
}

/**
 * The path as browsers see it: a proxy may have removed some or all segments of the base URL's path.
 */
export function publicPath({ prefix, arrivals }: BaseUrl, path: string): string {
  if (prefix === '') return path
  const arrived = arrivals.find((rest) => path === rest || path.startsWith(`${rest}/`)) ?? ''
  return prefix + path.slice(arrived.length)
}

function createBaseUrl(
  configuration: ApplicationConfiguration,
  baseUrls: readonly string[],
  baseUrl: string,
  index: number,
): BaseUrl {
  const { routes, returnTo, logout, session } = configuration
  const url = new URL(baseUrl)
  const prefix = url.pathname.replace(/\/$/, '')
  const segments = prefix.split('/').slice(1)
  const pathOf = (route: string | false): string | undefined => (route === false ? undefined : prefix + route)
  const own = {
    login: pathOf(routes.login),
    callback: prefix + routes.callback,
    logout: pathOf(routes.logout),
    backchannelLogout: pathOf(routes.backchannelLogout),
    frontchannelLogout: pathOf(routes.frontchannelLogout),
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
    returnTo: {
      origin: url.origin,
      origins: returnTo.origins,
      reservedPaths: Object.values(own).filter((path) => path !== undefined),
    },
  }
}
