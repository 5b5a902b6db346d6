import type { SessionClaims } from '../../declared-claims.js'
import type { FrameworkRequest, FrameworkResponse } from '../../framework.js'
import type { OidcOptions } from '../options.js'

/** Options that concern the whole application, and not one of its providers. */
export const applicationOptions = [
  'baseUrl',
  'baseUrls',
  'secret',
  'routes',
  'session',
  'sessionRoute',
  'sharedStore',
  'returnTo',
  'silentLogin',
  'onLogin',
  'onError',
  'pages',
] as const satisfies readonly (keyof OidcOptions)[]

/** The name of one of {@link applicationOptions}. */
export type ApplicationOption = (typeof applicationOptions)[number]

/** Options of a provider that may also be given for all of them, next to `providers`. A provider's own options win. */
export const providerDefaults = [
  'scope',
  'resource',
  'authorizationParams',
  'loginParams',
  'pushedAuthorizationRequests',
  'clientKeys',
  'requestObject',
  'idTokenSigningAlg',
  'authorizationResponseAlg',
  'clockToleranceSeconds',
  'httpTimeoutSeconds',
  'userinfo',
  'allowedOrigins',
  'fetch',
  'dangerouslyAllowHttp',
  'allowPrivateAddresses',
  'logout',
] as const satisfies readonly (keyof OidcOptions)[]

/** The name of one of {@link providerDefaults}. */
export type ProviderDefault = (typeof providerDefaults)[number]

/** One of several providers, and this application as a client there. The presets of `express-oidc/providers` return parts of it. */
export interface ProviderOptions<Request = FrameworkRequest> extends Omit<
  OidcOptions<SessionClaims, Request>,
  ApplicationOption
> {
  /** Text by which people choose it. @default its name */
  label?: string | undefined
}

/**
 * Finds a provider by its name, such as that of a customer who brings one: its options, or `undefined` for none. `req` is the
 * request that asks first: what is returned must depend on the name only, since it is used for other requests too.
 */
export type ProviderResolver<Request = FrameworkRequest> = (
  name: string,
  req: Request,
) => ProviderOptions<Request> | undefined | Promise<ProviderOptions<Request> | undefined>

/** How long the results of a function `providers` are used, and how many of them. */
export interface ProviderCacheOptions {
  /** Most providers that are kept ready; the one that was used longest ago goes first. @default 1000 */
  maxEntries?: number | undefined
  /** Seconds after which the function is asked again. A provider that the function no longer knows is removed then. @default 300 */
  seconds?: number | undefined
}

/** One provider that a person can choose. */
export interface LoginChoice {
  /** Its name in the options. */
  readonly name: string
  /** Its label in the options, or else its name. */
  readonly label: string
  /** Path that starts the login there. */
  readonly url: string
}

/** Where the choice is shown. */
export interface LoginPageContext<Request = FrameworkRequest, Response = FrameworkResponse> {
  /** The framework's request. */
  readonly req: Request
  /** The framework's response, which the function writes. */
  readonly res: Response
  /** Where the login returns to, checked. `undefined` for the default. */
  readonly returnTo: string | undefined
}

/**
 * Options of `oidc()` with several providers: the application's own, and under `providers` those of each provider. Scopes and the
 * like may be given here too, for all of them.
 *
 * @example
 * ```ts
 * import type { ProvidersOptions } from 'express-oidc'
 * import { entra, google } from 'express-oidc/providers'
 *
 * const options: ProvidersOptions = {
 *   providers: {
 *     google: { ...google(), clientId: 'app-at-google', clientSecret, label: 'Google' },
 *     work: { ...entra({ tenant: '8eaef023-2b34-4da1-9baa-8bc8c9d6a490' }), clientId: 'app-at-work', clientSecret, label: 'Your company' },
 *   },
 *   baseUrl: 'https://app.example.com',
 *   secret,
 * }
 * ```
 */
export interface ProvidersOptions<Claims = SessionClaims, Request = FrameworkRequest, Response = FrameworkResponse>
  extends
    Omit<Pick<OidcOptions<Claims, Request, Response>, ApplicationOption>, 'silentLogin'>,
    Pick<OidcOptions<Claims, Request, Response>, ProviderDefault> {
  /**
   * The providers by name, or a function that finds one by its name. Names are letters, digits, `.`, `_` and `-`, 64 at most: they
   * are in the paths `/login/<name>`, `/callback/<name>` and those of logouts. For providers that a function finds,
   * `allowPrivateAddresses` is false by default.
   */
  providers: Readonly<Record<string, ProviderOptions<Request>>> | ProviderResolver<Request>
  /** For a function `providers`: how long its results are used, and how many. @default see {@link ProviderCacheOptions} */
  providerCache?: ProviderCacheOptions | undefined
  /** Writes the page with the choices in place of ours. With a function `providers` there are none to list. @default a plain page */
  loginPage?:
    | ((choices: readonly LoginChoice[], context: LoginPageContext<Request, Response>) => void | Promise<void>)
    | undefined
  /** Is an option of a provider. */
  issuer?: never
  /** Is an option of a provider. */
  clientId?: never
}
