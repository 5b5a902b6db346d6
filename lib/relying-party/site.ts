import { hash } from 'node:crypto'
import type { Exchange } from '../http/exchange.js'
import type { ReturnToPolicy } from '../http/return-to.js'
import type { OidcConfiguration } from '../options/oidc-schema.js'

type RouteName = 'login' | 'callback' | 'logout' | 'backchannelLogout' | 'frontchannelLogout'

/** One base URL of the application with everything derived from it. */
export interface Site {
  readonly index: number
  readonly origin: string
  readonly host: string
  /** Whether cookies are `Secure`. */
  readonly secure: boolean
  /** Name of the session cookie, without prefix; those of the other cookies begin with it. */
  readonly cookieName: string
  /** Full paths of the routes, and of the page that the provider's logout leads back to, as they arrive. */
  readonly paths: Readonly<Record<RouteName | 'postLogout', string>>
  readonly redirectUri: string
  readonly postLogoutRedirectUri: string
  /** Where people go who came from nowhere. */
  readonly home: string
  readonly returnTo: ReturnToPolicy
}

/** The application's sites, in the order of its configuration. */
export function createSites(configuration: OidcConfiguration): readonly Site[] {
  const baseUrls = baseUrlsOf(configuration)
  return baseUrls.map((baseUrl, index) => createSite(configuration, baseUrls, baseUrl, index))
}

/**
 * The name of the cookies of logins on their way. They are the same for all sites: the login itself knows where it belongs,
 * should a proxy have changed the Host on its way back.
 */
export function transactionCookieName(configuration: OidcConfiguration): string {
  return configuration.session.cookie.name ?? defaultCookieName(baseUrlsOf(configuration))
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

function baseUrlsOf({ baseUrls, baseUrl = '' }: OidcConfiguration): readonly string[] {
  return baseUrls ?? [baseUrl]
}

/** Makes something once for each cookie name; sites that share their cookies share it. */
export function byCookieName<T>(sites: readonly Site[], make: (name: string) => T): (site: Site) => T {
  const made = new Map(sites.map(({ cookieName }) => [cookieName, make(cookieName)]))
  return ({ cookieName }) => made.get(cookieName) ?? make(cookieName)
}

/** The site that a request came to: by its Host where that is one of ours, else the first. Nothing is built from the header itself. */
export function siteOf(sites: readonly [Site, ...Site[]], exchange: Exchange): Site {
  if (sites.length === 1) return sites[0]
  const host = exchange.header('host')?.toLowerCase()
  return sites.find((site) => site.host === host) ?? sites[0]
}

function createSite(
  configuration: OidcConfiguration,
  baseUrls: readonly string[],
  baseUrl: string,
  index: number,
): Site {
  const { routes, returnTo, logout, session } = configuration
  const url = new URL(baseUrl)
  const prefix = url.pathname.replace(/\/$/, '')
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
    host: url.host,
    secure: url.protocol === 'https:',
    cookieName: session.cookie.name ?? defaultCookieName(session.cookie.domain === undefined ? [baseUrl] : baseUrls),
    paths: { ...own, postLogout },
    redirectUri: url.origin + own.callback,
    postLogoutRedirectUri: url.origin + postLogout,
    home: returnTo.default === undefined ? `${prefix}/` : prefix + returnTo.default,
    returnTo: { origin: url.origin, origins: returnTo.origins, reservedPaths: Object.values(own) },
  }
}
