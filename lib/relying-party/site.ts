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
  const baseUrls = configuration.baseUrls ?? [configuration.baseUrl ?? '']
  return baseUrls.map((baseUrl, index) => createSite(configuration, baseUrl, index))
}

/** The site that a request came to: by its Host where that is one of ours, else the first. Nothing is built from the header itself. */
export function siteOf(sites: readonly [Site, ...Site[]], exchange: Exchange): Site {
  if (sites.length === 1) return sites[0]
  const host = exchange.header('host')?.toLowerCase()
  return sites.find((site) => site.host === host) ?? sites[0]
}

function createSite(configuration: OidcConfiguration, baseUrl: string, index: number): Site {
  const { routes, returnTo, logout } = configuration
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
    paths: { ...own, postLogout },
    redirectUri: url.origin + own.callback,
    postLogoutRedirectUri: url.origin + postLogout,
    home: returnTo.default === undefined ? `${prefix}/` : prefix + returnTo.default,
    returnTo: { origin: url.origin, origins: returnTo.origins, reservedPaths: Object.values(own) },
  }
}
