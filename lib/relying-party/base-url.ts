import { hash } from 'node:crypto'
import type { ReturnToPolicy } from '../http/return-to.js'
import {
  type OptionalRouteName,
  providerRouteNames,
  type RouteName,
  routeNames,
} from '../options/oidc/routes/routes.js'
import type { ApplicationConfiguration } from '../options/oidc/schema.js'

type Paths = Record<'callback' | 'postLogout', string> & Partial<Record<OptionalRouteName, string>>

/** One base URL of the application, and everything derived from it. */
export interface BaseUrl {
  /** Its place in the options, or its origin if it comes from a pattern there: short, for sealed values. */
  readonly key: number | string
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
  /** Full paths of the routes and the post-logout page, as browsers see them; none for a route that is off. */
  readonly paths: Readonly<Paths>
  readonly redirectUri: string
  readonly postLogoutRedirectUri: string
  /** Where to go when there is no `returnTo`. */
  readonly home: string
  readonly returnTo: ReturnToPolicy
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

/** The base URLs in the options, in their order; some may be patterns. */
export function configuredUrls({ baseUrls, baseUrl = '' }: ApplicationConfiguration): readonly string[] {
  return baseUrls ?? [baseUrl]
}

/** A base URL with the routes of one of several providers: those that it has for itself end with its name. */
export function atProvider(base: BaseUrl, provider: string): BaseUrl {
  const paths: Paths = { ...base.paths }
  for (const name of providerRouteNames) {
    const path = paths[name]
    if (path !== undefined) paths[name] = `${path}/${provider}`
  }
  return { ...base, paths, redirectUri: base.origin + paths.callback }
}

/**
 * The path as browsers see it: a proxy may have removed some or all segments of the base URL's path.
 */
export function publicPath({ prefix, arrivals }: BaseUrl, path: string): string {
  if (prefix === '') return path
  const arrived = arrivals.find((rest) => path === rest || path.startsWith(`${rest}/`)) ?? ''
  return prefix + path.slice(arrived.length)
}

/** Where a base URL comes from. */
interface Source {
  readonly key: BaseUrl['key']
  readonly cookieName: string
}

/** The name of the session cookie at a base URL of the options, or at all those of a pattern. */
export function cookieNameOf(configuration: ApplicationConfiguration, baseUrl: string): string {
  const { name, domain } = configuration.session.cookie
  return name ?? defaultCookieName(domain === undefined ? [baseUrl] : configuredUrls(configuration))
}

/** Derives everything from one base URL. */
export function createBaseUrl(
  configuration: ApplicationConfiguration,
  baseUrl: string,
  { key, cookieName }: Source,
): BaseUrl {
  const { routes, returnTo, logout } = configuration
  const url = new URL(baseUrl)
  const prefix = url.pathname.replace(/\/$/, '')
  const segments = prefix.split('/').slice(1)
  const paths = pathsAt(prefix, { routes, logout })
  return {
    key,
    origin: url.origin,
    host: url.host.replace(/\.(?=:|$)/, ''),
    prefix,
    arrivals: segments.map((_, index) => `/${segments.slice(index).join('/')}`),
    secure: url.protocol === 'https:',
    cookieName,
    paths,
    redirectUri: url.origin + paths.callback,
    postLogoutRedirectUri: url.origin + paths.postLogout,
    home: returnTo.default === undefined ? `${prefix}/` : prefix + returnTo.default,
    returnTo: {
      origin: url.origin,
      origins: returnTo.origins,
      ...(configuration.providers === undefined ? {} : { reservedBelow: pathsOf(paths, providerRouteNames) }),
      reservedPaths: pathsOf(paths, routeNames),
    },
  }
}

function pathsAt(prefix: string, { routes, logout }: Pick<ApplicationConfiguration, 'routes' | 'logout'>): Paths {
  const paths: Paths = { callback: prefix + routes.callback, postLogout: prefix + logout.returnTo }
  for (const name of routeNames) {
    const path = routes[name]
    if (path !== false) paths[name] = prefix + path
  }
  return paths
}

/** The paths of some routes, without those that are off. */
export function pathsOf(paths: BaseUrl['paths'], names: readonly RouteName[]): readonly string[] {
  return names.flatMap((name) => paths[name] ?? [])
}

/** The base URL in a payload that is sealed for it; left out for the first one, which is nearly always the only one. */
export function keyIn({ key }: BaseUrl): { readonly b?: BaseUrl['key'] } {
  return key === 0 ? {} : { b: key }
}

/** Whether a payload was sealed for a base URL. */
export function isOf({ key }: BaseUrl, { b = 0 }: Readonly<Record<string, unknown>>): boolean {
  return b === key
}
