import type { webcrypto } from 'node:crypto'
import type { MethodFor } from '../common/client-authentication.js'
import type { SessionStore, SharedStore } from '../common/stores.js'
import type { DpopKeyOptions } from '../common/private-key.js'

/** Client authentication at the token endpoint (OpenID Connect Core section 9). */
export type ClientAuthentication = MethodFor<'login'>

/** What `onLogin` is told about a login that has been validated wholly. */
export interface CompletedLogin<Claims = Record<string, unknown>> {
  /** Claims of the ID Token. */
  readonly claims: Readonly<Claims & { iss: string; sub: string }>
  readonly idToken: string
  /** `undefined` where the provider gave none: Azure AD B2C does not where no scope of an API was asked for. */
  readonly accessToken: string | undefined
  /** The scopes that were granted, separated by spaces. */
  readonly scope: string
}

/** What `onError` is told beside the error. */
export interface ErrorContext<Request, Response> {
  readonly req: Request
  readonly res: Response
  /** Hands the error on to the next error handler: what happens without `onError`. */
  readonly next: (error?: unknown) => void
  /** URL that starts the login again, and ends it at the page that the person was at or wanted. */
  readonly retryUrl: string
}

/** Paths below `baseUrl`. */
export interface RouteOptions {
  /** Also where other sites start logins (`initiate_login_uri`, OpenID Connect Core section 4). @default '/login' */
  login?: string | undefined
  /** Registered at the provider as redirect URI. @default '/callback' */
  callback?: string | undefined
  /** @default '/logout' */
  logout?: string | undefined
  /** Registered at the provider as `backchannel_logout_uri`: it says there who has signed out elsewhere. @default '/backchannel-logout' */
  backchannelLogout?: string | undefined
  /** Registered at the provider as `frontchannel_logout_uri`, for providers of the same site. @default '/frontchannel-logout' */
  frontchannelLogout?: string | undefined
}

/** How long a session lives and how its cookie looks. */
export interface SessionOptions {
  /** Ends after this time without a request. @default 86400 (24 hours) */
  idleSeconds?: number | undefined
  /** Ends this long after the login, whatever happens. @default 604800 (7 days) */
  absoluteSeconds?: number | undefined
  /** The cookie is re-issued at most this often; the idle limit is kept with this granularity. @default a tenth of `idleSeconds` */
  rollingStepSeconds?: number | undefined
  /**
   * Keeps sessions on the server: any store of express-session (connect-redis, …), or memory such as `redisStore(client)`
   * of express-oidc/redis, which also coordinates processes. The cookie holds a sealed id then.
   *
   * @default none: the session is in the cookie, sealed
   */
  store?: SessionStore | SharedStore | undefined
  /**
   * `'request'` keeps the login in the application's own `req.session`, of express-session or cookie-session mounted before.
   * Processes that share the store of express-session tell each other of refreshes there.
   */
  use?: 'request' | undefined
  /** How long the store may take before a request is answered with 503. @default 2 */
  storeTimeoutSeconds?: number | undefined
  /** Largest size of the session's cookies together, names included. @default 7168 */
  maxCookieBytes?: number | undefined
  cookie?: CookieOptions | undefined
}

/** Attributes of the session cookie. It is always `HttpOnly`, and `Secure` whenever `baseUrl` is https. */
export interface CookieOptions {
  /**
   * Without prefix; `__Host-` or `__Secure-` is put before it over https.
   *
   * @default `oidc_` and a hash of `baseUrl`: browsers send cookies to all ports and paths of a host, so that applications
   *   on one host need names of their own (RFC 6265 section 8.5)
   */
  name?: string | undefined
  /** Shares the cookie with subdomains, at the cost of the `__Host-` protection. */
  domain?: string | undefined
  /** @default 'Lax' */
  sameSite?: 'Lax' | 'Strict' | undefined
  /** Forget the cookie when the browser closes. @default false */
  transient?: boolean | undefined
}

/** Where people may be sent after login. */
export interface ReturnToOptions {
  /** Path for those who came from nowhere. @default the path of `baseUrl` */
  default?: string | undefined
  /** Further origins, such as `https://www.example.com`, beside that of `baseUrl`. @default none */
  origins?: readonly string[] | undefined
}

/** What logout does. */
export interface LogoutOptions {
  /** End the session at the provider too, where it has an `end_session_endpoint` (OpenID Connect RP-Initiated Logout 1.0). @default true */
  atProvider?: boolean | undefined
  /**
   * Path below `baseUrl` that the provider sends people back to; registered there as post-logout redirect URI. From it they
   * go on to the `returnTo` of their logout, if that had one. @default '/'
   */
  returnTo?: string | undefined
  /**
   * Revoke the refresh token, or the access token where there is none (RFC 7009): tried for a second, whatever comes of it.
   * @default true
   */
  revoke?: boolean | undefined
}

/** Options of `oidc()`. */
export interface OidcOptions<Claims = Record<string, unknown>, Request = unknown, Response = unknown> {
  /** Issuer identifier, exactly as the provider spells it: a trailing slash counts. */
  issuer: string
  clientId: string
  clientSecret?: string | undefined
  /** @default the best method that the metadata and the given credentials allow */
  clientAuthentication?: ClientAuthentication | undefined
  /** Private key for `private_key_jwt`: PKCS#8 PEM or JWK. */
  clientAssertionKey?: string | webcrypto.JsonWebKey | undefined
  /** `alg` of the client assertion. @default by the key: RS256, ES256, ES384, ES512 or EdDSA */
  clientAssertionAlg?: string | undefined
  /** Tokens are bound to this key, and a proof goes with every request (RFC 9449): stolen, they are worth nothing. */
  dpop?: DpopKeyOptions | undefined
  /** Where browsers reach this application, such as `https://app.example.com`. Host headers are never believed. */
  baseUrl?: string | undefined
  /** Instead of `baseUrl`: several, one of which is picked by the request's host; the first when none fits. */
  baseUrls?: readonly string[] | undefined
  /** At least 32 random characters, or a list: the first seals, all open. */
  secret: string | readonly string[]
  /** Scopes separated by spaces, or a list of them. Must contain `openid`. @default 'openid profile email' */
  scope?: string | readonly string[] | undefined
  /** Absolute URIs of APIs that `req.oidc.accessToken({ resource })` shall get tokens for (RFC 8707). @default none */
  resource?: string | readonly string[] | undefined
  routes?: RouteOptions | undefined
  session?: SessionOptions | undefined
  /**
   * Memory that all processes of this application share, such as `redisStore(client)` of express-oidc/redis: a logout in
   * one ends the session in all, and a refresh token is spent once.
   *
   * @default `session.store`, else the memory of this process
   */
  sharedStore?: SharedStore | undefined
  /** Further parameters of every authorization request, such as `response_mode: 'form_post'`, `audience`, `resource`, `prompt`. */
  authorizationParams?: Readonly<Record<string, string>> | undefined
  /** Push the authorization request (RFC 9126). @default only where the provider requires it */
  pushedAuthorizationRequests?: boolean | undefined
  /**
   * `alg` that this client is registered with for ID Tokens, or a list of those that are accepted. `HS256`, `HS384` and `HS512`
   * are accepted only alone, and need a `clientSecret` of at least 32, 48 or 64 bytes. @default 'RS256'
   */
  idTokenSigningAlg?: string | readonly string[] | undefined
  /**
   * Audiences that ID Tokens may name beside this client (OpenID Connect Core section 3.1.3.7). `'any'` takes all. A token
   * with several must say by `azp` that it was issued to this client.
   *
   * @default none
   */
  idTokenAudiences?: readonly string[] | 'any' | undefined
  /** Clock difference allowed for the dates of ID Tokens, 0 to 300. `max_age` and logout tokens get 60 at most. @default 30 */
  clockToleranceSeconds?: number | undefined
  /** Deadline of each request to the provider. @default 5 */
  httpTimeoutSeconds?: number | undefined
  returnTo?: ReturnToOptions | undefined
  logout?: LogoutOptions | undefined
  /**
   * Ask the provider once, without any page, whether someone who comes to this site is signed in there (`prompt=none`):
   * at a navigation of a browser that says so by Fetch Metadata, not by a link of this site, and at most once an hour.
   * Not after a logout. @default false
   */
  silentLogin?: boolean | undefined
  /** Origins that `req.oidc.fetch()` may send the access token to, such as `https://api.example.com`. @default none */
  allowedOrigins?: readonly string[] | undefined
  /** Runs after validation, before the session begins. An object it returns is kept in the session as `req.oidc.data`; `false` refuses the login with 403. */
  onLogin?: ((login: CompletedLogin<Claims>, req: Request) => OnLoginResult | Promise<OnLoginResult>) | undefined
  /** Answers errors of login, callback, logout and guards. @default browsers' go to `next(error)`, programs get problem+json */
  onError?: ((error: Error, context: ErrorContext<Request, Response>) => void | Promise<void>) | undefined
  /**
   * Makes all requests: for proxies and private certificate authorities. @default `node:https` with connections that are kept
   * alive for the provider, the global `fetch` for `req.oidc.fetch()`
   */
  fetch?: typeof fetch | undefined
  /** Allows plain http to and from hosts that are not loopback. Anyone on the network can then take over accounts. @default false */
  dangerouslyAllowHttp?: boolean | undefined
}

/** Data for the session, nothing, `true` for the same, or `false` to refuse. */
export type OnLoginResult = Readonly<Record<string, unknown>> | undefined | void | boolean
