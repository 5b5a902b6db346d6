import * as v from 'valibot'

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
   * Tells scripts of this site by GET who is signed in, and until when: `/session`, for example. @default false
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

const missing =
  'must have "baseUrl", this application\'s own URL, such as https://app.example.com, or several as "baseUrls": both are missing'

/** The rule that the base URL is given once. That it is missing is reported beside whatever else is. */
export function hasBaseUrl<Options extends { readonly baseUrl?: unknown; readonly baseUrls?: unknown }>() {
  return v.rawCheck<Options>(({ dataset, addIssue }) => {
    const flaw = flawOf(dataset.value, dataset.typed)
    if (flaw !== undefined) addIssue({ message: flaw })
  })
}

function flawOf(options: unknown, isTyped: boolean): string | undefined {
  if (typeof options !== 'object' || options === null) return undefined
  const [url, urls]: readonly unknown[] = ['baseUrl', 'baseUrls'].map((name): unknown => Reflect.get(options, name))
  if (url === undefined && urls === undefined) return missing
  if (!isTyped || (typeof url === 'string') !== (urls !== undefined)) return undefined
  return typeof url === 'function'
    ? 'must have "baseUrls" beside a function as "baseUrl": they list what it may return'
    : 'must have exactly one of "baseUrl" and "baseUrls"'
}

/** The routes that bind sessions to devices, as given. */
export interface DeviceRoutes {
  readonly deviceRegistration?: string | undefined
  readonly deviceRefresh?: string | undefined
}

interface BoundSessions {
  readonly deviceBound?: object | undefined
}

/** The routes with those that bind sessions to devices, which are off unless the options want that. */
export function withDeviceRoutes<Routes extends DeviceRoutes>(
  routes: Routes,
  { deviceBound }: BoundSessions,
): Routes & Readonly<Record<keyof DeviceRoutes, string | false>> {
  const { deviceRegistration = '/device-registration', deviceRefresh = '/device-refresh' } = routes
  const isOn = deviceBound !== undefined
  return { ...routes, deviceRegistration: isOn && deviceRegistration, deviceRefresh: isOn && deviceRefresh }
}

interface RoutePaths extends DeviceRoutes {
  readonly [route: string]: string | false | undefined
  readonly callback: string
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
