import * as v from 'valibot'
import { routePath, routePathOrOff } from '../../common/fields.js'

/**
 * Paths of this package's routes, below `baseUrl`. `false` switches a route off: requests to its path are the application's.
 *
 * @example
 * ```ts
 * app.use(oidc({ ...options, routes: { login: '/auth/login', callback: '/auth/callback', logout: '/auth/logout' } }))
 * ```
 */
export interface RouteOptions {
  /** Starts a login. Other sites may start one here too (`initiate_login_uri`). @default '/login' */
  login?: string | false | undefined
  /** Finishes a login. Register it at the provider as redirect URI. @default '/callback' */
  callback?: string | undefined
  /** Signs out. @default '/logout' */
  logout?: string | false | undefined
  /**
   * Receives logouts from the provider. Register it there as `backchannel_logout_uri`. @default '/backchannel-logout'
   *
   * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest
   */
  backchannelLogout?: string | false | undefined
  /**
   * Receives logouts in a frame, from providers of the same site. Register it there as `frontchannel_logout_uri`.
   *
   * @default '/frontchannel-logout'
   * @see https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout
   */
  frontchannelLogout?: string | false | undefined
  /**
   * Shows scripts of this site who is signed in, and until when (by GET): `/session`, for example. @default false
   */
  session?: string | false | undefined
  /**
   * Publishes the public halves of `clientKeys` and `decryptionKeys`: `/jwks.json`, for example. Register its URL as `jwks_uri`.
   *
   * @default false
   * @see https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata
   */
  jwks?: string | false | undefined
  /** Where browsers register the key of a device, with `session.deviceBound` only. @default '/device-registration' */
  deviceRegistration?: string | undefined
  /** Where browsers prove that key again, with `session.deviceBound` only. @default '/device-refresh' */
  deviceRefresh?: string | undefined
}

/** What distinguishes a route from the others, apart from its path. */
export type RouteTraits = {
  /** Whether each of several providers has this route for itself, at a path that ends with the provider's name. */
  readonly isPerProvider?: boolean
  /** Whether the provider's server sends the requests, and not a browser. */
  readonly isFromProvider?: boolean
  /** The name of the route's URL in a client's registration, unless it is a redirect URI. */
  readonly registeredAs?: string
}

function route<Check extends v.GenericSchema>(check: Check, traits: RouteTraits) {
  return v.pipe(check, v.metadata(traits))
}

/** All routes: the checks of their paths with the defaults, and their traits. */
export const routeEntries = {
  login: route(v.optional(routePathOrOff, '/login'), { isPerProvider: true, registeredAs: 'initiate_login_uri' }),
  callback: route(v.optional(routePath, '/callback'), { isPerProvider: true }),
  logout: route(v.optional(routePathOrOff, '/logout'), {}),
  backchannelLogout: route(v.optional(routePathOrOff, '/backchannel-logout'), {
    isPerProvider: true,
    isFromProvider: true,
    registeredAs: 'backchannel_logout_uri',
  }),
  frontchannelLogout: route(v.optional(routePathOrOff, '/frontchannel-logout'), {
    isPerProvider: true,
    registeredAs: 'frontchannel_logout_uri',
  }),
  session: route(v.optional(routePathOrOff, false), {}),
  jwks: route(v.optional(routePathOrOff, false), { isFromProvider: true, registeredAs: 'jwks_uri' }),
  deviceRegistration: route(v.optional(routePath, '/device-registration'), {}),
  deviceRefresh: route(v.optional(routePath, '/device-refresh'), {}),
}

/** The name of a route. */
export type RouteName = keyof typeof routeEntries

/** The name of a route that may be off: only logins cannot do without their callback. */
export type OptionalRouteName = Exclude<RouteName, 'callback'>

/** The names of all routes. */
export const routeNames = namesOf(routeEntries)

/** The names of the routes that each of several providers has for itself. */
export const providerRouteNames = routeNames.filter((name) => traitsOf(name).isPerProvider === true)

/** What distinguishes a route from the others. */
export function traitsOf(name: RouteName): RouteTraits {
  return v.getMetadata(routeEntries[name])
}

function namesOf<Table extends object>(table: Table): readonly Extract<keyof Table, string>[] {
  const names = []
  for (const name in table) names.push(name)
  return names
}

interface BoundSessions {
  readonly deviceBound?: object | undefined
}

/** The paths of the routes: `false` for one that is off. */
type RoutePaths = Readonly<Record<OptionalRouteName, string | false> & Record<'callback', string>>

/** The routes without those that bind sessions to devices, unless the options want that. */
export function withDeviceRoutes(routes: RoutePaths, { deviceBound }: BoundSessions): RoutePaths {
  return deviceBound === undefined ? { ...routes, deviceRegistration: false, deviceRefresh: false } : routes
}

/** What is wrong with the paths of the routes below these base URLs. */
export function routesFlaw(
  { routes, session }: { readonly routes: RoutePaths; readonly session: BoundSessions },
  baseUrls: readonly URL[],
): string | undefined {
  const paths = Object.values(withDeviceRoutes(routes, session)).filter((path) => typeof path === 'string')
  if (new Set(paths).size < paths.length) return 'must give "routes" different paths'
  return baseUrls.some((url) => url.pathname.replace(/\/$/, '').endsWith(routes.callback))
    ? `must have "baseUrl" without "${routes.callback}": that path is added to it, and the redirect URI would have it twice`
    : undefined
}
