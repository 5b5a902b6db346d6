import * as v from 'valibot'
import { parseUrl } from '../../base/url.js'
import { credentialEntries, needsCredential, presentsCertificate } from '../common/credentials.js'
import { secretAlgorithm } from '../common/algorithms.js'
import { httpEntries, httpsNeeded, usesHttps } from '../common/http-client.js'
import {
  descriptionEntries,
  hasOwnSpellings,
  isReachedSafely,
  issuerAliases,
  needsMembers,
} from '../common/provider-description.js'
import { loginTenants, tenantsFlaw } from '../common/tenants.js'
import { dpopKey } from '../common/private-key.js'
import {
  applicationUrl,
  flag,
  isAllowedUrl,
  issuerUrl,
  routePath,
  secrets,
  resources,
  origins,
  callback,
} from '../common/fields.js'
import { hasBaseUrl } from './base-urls.js'
import { authorizationParams, usesFormPost, isWithinDomain, loginParams, scope } from './fields.js'
import { idTokenEntries, idTokenFlaw } from './id-token.js'
import { byDefault, parseOptions, section } from '../common/parse.js'
import { logout } from './logout.js'
import { migrationFlaw } from './migration/migrate-from.js'
import { pages } from '../pages.js'
import { session } from './session.js'
import { routeEntries, routesFlaw, withDeviceRoutes } from './routes/routes.js'
import { sessionRoute, sessionRouteFlaw } from './routes/session-route.js'
import { sharedStore } from '../common/stores.js'
import { requestObject, requestObjectFlaw } from './request/request-object.js'

const ownUrl = applicationUrl("this application's own URL, such as https://app.example.com")

/** The options of `oidc()`. */
export const oidcEntries = {
  issuer: issuerUrl("the provider's issuer URL"),
  ...descriptionEntries,
  issuerAliases: v.optional(issuerAliases),
  tenants: loginTenants,
  ...credentialEntries('login', "this application's client ID"),
  dpop: v.optional(dpopKey),
  baseUrl: v.optional(v.lazy((given) => (typeof given === 'function' ? callback : ownUrl))),
  baseUrls: v.optional(
    v.pipe(
      v.array(applicationUrl('one of the URLs of this application', true), 'must be a list of URLs'),
      v.minLength(1, 'must name at least one URL'),
    ),
  ),
  secret: secrets,
  scope: v.optional(scope, 'openid profile email'),
  resource: v.optional(resources, []),
  routes: byDefault(routeEntries),
  sessionRoute,
  session,
  sharedStore,
  authorizationParams,
  loginParams,
  pushedAuthorizationRequests: v.optional(flag),
  requestObject,
  ...idTokenEntries,
  returnTo: byDefault({
    default: v.optional(routePath),
    origins,
  }),
  logout,
  userinfo: v.optional(flag, false),
  silentLogin: v.optional(flag, false),
  allowedOrigins: origins,
  onLogin: v.optional(callback),
  onError: v.optional(callback),
  pages,
  ...httpEntries,
}

/** The checks of the options of `oidc()`. */
export const schema = v.pipe(
  section(oidcEntries),
  hasBaseUrl(),
  usesHttps(({ issuer, baseUrl, baseUrls = [] }) => ({ issuer, baseUrl, baseUrls })),
  v.check(
    (o) => tenantsFlaw(o) === undefined,
    ({ input }) => tenantsFlaw(input) ?? '',
  ),
  v.check((o) => isReachedSafely(o, o.dangerouslyAllowHttp), httpsNeeded('discoveryUrl', 'metadata')),
  v.check(
    (o) => hasOwnSpellings(o),
    'must not have the same spelling of the issuer twice in "issuer" and "issuerAliases"',
  ),
  needsMembers((o) => [
    'authorization_endpoint',
    'token_endpoint',
    ...(secretAlgorithm(o.idTokenSigningAlg) === undefined ? (['jwks_uri'] as const) : []),
  ]),
  v.check(
    (o) => new Set(urlsOf(...(o.baseUrls ?? [])).map((url) => url.protocol)).size <= 1,
    'must not mix http and https in "baseUrls": cookies could not be the same',
  ),
  v.check(
    (o) => !usesFormPost({ authorizationParams: fixedParamsOf(o) }) || o.dangerouslyAllowHttp || isSecure(o),
    'must use https in "baseUrl" for "response_mode" form_post: its response is a POST from the provider\'s site, with which browsers send SameSite=None cookies only, and those need https',
  ),
  usesHttps(({ allowedOrigins }) => ({ allowedOrigins }), isAllowedUrl),
  v.check(
    (o) => new Set(urlsOf(...(o.baseUrls ?? [])).map((url) => url.host)).size === (o.baseUrls ?? []).length,
    'must not name one host twice in "baseUrls": they are distinguished by host',
  ),
  v.check(
    (o) => (routesFlaw(o, urlsOf(o.baseUrl, ...(o.baseUrls ?? []))) ?? sessionRouteFlaw(o)) === undefined,
    ({ input: o }) => routesFlaw(o, urlsOf(o.baseUrl, ...(o.baseUrls ?? []))) ?? sessionRouteFlaw(o) ?? '',
  ),
  v.check(
    (o) => o.routes.login !== false || o.loginParams.length === 0,
    'must not have "loginParams" with "routes.login" false: they are parameters of that route',
  ),
  v.check(
    (o) => o.session.idleSeconds <= o.session.absoluteSeconds,
    ({ input: { session: own } }) =>
      `must not have "session.idleSeconds" over "session.absoluteSeconds" (given: ${own.idleSeconds} and ${own.absoluteSeconds})`,
  ),
  v.check(
    (o) => o.session.rollingStepSeconds < o.session.idleSeconds,
    'must have "session.rollingStepSeconds" below "session.idleSeconds": sessions in use would end otherwise',
  ),
  v.check(
    ({ session: { cookie }, baseUrl, baseUrls = [] }) =>
      urlsOf(baseUrl, ...baseUrls).every((url) => isWithinDomain(url, cookie.domain)),
    'must give a "session.cookie.domain" that contains the host of "baseUrl": browsers drop the cookie otherwise',
  ),
  needsCredential(),
  presentsCertificate(),
  v.check(
    (o) => (idTokenFlaw(o) ?? requestObjectFlaw(o) ?? migrationFlaw(o)) === undefined,
    ({ input }) => idTokenFlaw(input) ?? requestObjectFlaw(input) ?? migrationFlaw(input) ?? '',
  ),
  v.transform(({ authorizationParams, baseUrl, ...options }) => ({
    ...options,
    routes: withDeviceRoutes(options.routes, options.session),
    baseUrl: typeof baseUrl === 'function' ? undefined : baseUrl,
    baseUrlOf: typeof baseUrl === 'function' ? baseUrl : undefined,
    authorizationParams: fixedParamsOf({ authorizationParams }),
    authorizationParamsOf: typeof authorizationParams === 'function' ? authorizationParams : undefined,
  })),
)

type FixedParams = Readonly<Record<string, string>>
interface GivenParams {
  readonly authorizationParams: FixedParams | ((req: unknown) => unknown)
}

function fixedParamsOf({ authorizationParams }: GivenParams): FixedParams {
  return typeof authorizationParams === 'function' ? {} : authorizationParams
}

function isSecure({ baseUrl, baseUrls = [] }: { baseUrl?: unknown; baseUrls?: readonly string[] | undefined }) {
  return urlsOf(baseUrl, ...baseUrls).every((url) => url.protocol === 'https:')
}

// Rules also run on values that an earlier check refused: these are reported already.
function urlsOf(...texts: readonly unknown[]): readonly URL[] {
  return texts.flatMap((text) => (typeof text === 'string' ? (parseUrl(text) ?? []) : []))
}

/** The checked and frozen options of `oidc()`, every default in place. */
export type OidcConfiguration = v.InferOutput<typeof schema> & {
  /** Name of the provider, if the application has several. */
  readonly provider?: string
}

type FindProvider = (name: string, req: unknown) => unknown

/** The options that concern the whole application, whatever its provider. */
export type ApplicationConfiguration = Pick<
  OidcConfiguration,
  | 'baseUrl'
  | 'baseUrls'
  | 'baseUrlOf'
  | 'fetch'
  | 'secret'
  | 'routes'
  | 'session'
  | 'sessionRoute'
  | 'sharedStore'
  | 'returnTo'
  | 'logout'
  | 'silentLogin'
  | 'httpTimeoutSeconds'
  | 'clientKeys'
  | 'decryptionKeys'
  | 'onLogin'
  | 'onError'
  | 'pages'
> &
  Partial<Pick<OidcConfiguration, 'issuer' | 'clientId'>> & {
    /** Set if the application has several providers: paths then end with their names. */
    readonly providers?: readonly { readonly configuration: Pick<OidcConfiguration, 'issuer'> }[] | FindProvider
  }

/**
 * Checks the options of `oidc()`. Messages begin with the call.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseOidcOptions(options: unknown, call = 'oidc()'): OidcConfiguration {
  return parseOptions(call, schema, options)
}
