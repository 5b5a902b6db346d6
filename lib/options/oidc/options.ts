import type { CredentialOptions, MethodFor } from '../common/client-authentication.js'
import type { SharedStore } from '../common/stores.js'
import type { AuthorizationDetail } from '../authorization-details/detail.js'
import type { OidcError } from '../../errors.js'
import type { SessionClaims } from '../declared-claims.js'
import type { FrameworkRequest, FrameworkResponse } from '../framework.js'
import type { RouteOptions } from './routes/routes.js'
import type { CompletedLogin, ErrorContext, OnLoginResult } from './callbacks.js'
import type { LogoutOptions } from './logout.js'
import type { SessionOptions } from './session.js'
import type { SessionRouteOptions } from './routes/session-route.js'
import type { DecryptionKeyOption, DpopKeyOptions } from '../common/private-key.js'
import type { NamedProviderDescription } from '../common/provider-description.js'
import type { RequestObjectOptions } from './request/request-object.js'
import type { PageOptions } from '../pages.js'

/**
 * Client authentication methods for logins.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
 */
export type ClientAuthentication = MethodFor<'login'>

/** Where people may return to after a login. */
export interface ReturnToOptions {
  /** Where to go when the login had no `returnTo`: a path. @default the path of `baseUrl` */
  default?: string | undefined
  /** Further origins that people may return to, such as `https://www.example.com`. @default none */
  origins?: readonly string[] | undefined
}

/**
 * Further parameters of an authorization request, as texts. `authorization_details` may also be a list of objects.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9396#section-2
 */
export type AuthorizationParams = Readonly<Record<string, string | readonly AuthorizationDetail[]>>

/** Parameters of an authorization request that `authorizationParams` returns; those that are `undefined` are left out. */
export type ReturnedParams = Readonly<Record<string, string | readonly AuthorizationDetail[] | undefined>> | undefined

/**
 * Options of `oidc()`.
 *
 * @example
 * ```ts
 * import type { OidcOptions } from 'express-oidc'
 *
 * const options: OidcOptions = {
 *   issuer: 'https://id.example.com',
 *   clientId: 'my-app',
 *   clientSecret,
 *   baseUrl: 'https://app.example.com',
 *   secret,
 *   scope: 'openid profile email',
 *   allowedOrigins: ['https://api.example.com'],
 * }
 * ```
 */
export interface OidcOptions<Claims = SessionClaims, Request = FrameworkRequest, Response = FrameworkResponse>
  extends NamedProviderDescription, CredentialOptions<ClientAuthentication> {
  /** The provider's issuer identifier, spelled exactly as in its metadata: a trailing slash counts. */
  issuer: string
  /** This application's client ID at the provider. */
  clientId: string
  /** Binds tokens to a key (DPoP): a stolen token is useless without it. @default none */
  dpop?: DpopKeyOptions | undefined
  /**
   * URL at which browsers reach this application, such as `https://app.example.com`. The Host header is never used. Or a
   * synchronous function that returns it for a request: one that `baseUrls` allows, or `undefined` for a host that is not allowed.
   *
   * @default none: give this or `baseUrls`
   */
  baseUrl?: string | ((req: Request) => string | undefined) | undefined
  /**
   * Several base URLs instead of `baseUrl`, or those that a function may return. Among them may be patterns such as
   * `https://*.example.com`, whose `*` stands for one label. The Host header selects one, `X-Forwarded-Host` is not read. Without
   * patterns and function, the first stands for all other hosts; with them, requests to other hosts get 421. A session opens only
   * at the base URL where it began, unless `session.cookie.domain` shares it.
   *
   * @default none
   */
  baseUrls?: readonly string[] | undefined
  /** Secret of at least 32 random characters, or a list of them: the first encrypts, and any can decrypt. */
  secret: string | readonly string[]
  /** Scopes to request, separated by spaces or as a list, `openid` among them. @default 'openid profile email' */
  scope?: string | readonly string[] | undefined
  /**
   * Absolute URIs of the APIs for which `req.oidc.accessToken({ resource })` gets tokens. @default none
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
   */
  resource?: string | readonly string[] | undefined
  /** Paths of the routes. @default see {@link RouteOptions} */
  routes?: RouteOptions | undefined
  /** What `routes.session` shows to scripts of this site. @default `sub` and `name` of the person */
  sessionRoute?: SessionRouteOptions<Claims, Request> | undefined
  /** How long sessions live, and where they are kept. @default see {@link SessionOptions} */
  session?: SessionOptions<Request> | undefined
  /**
   * A store that all processes of this application share, such as `redisStore(client)` of express-oidc/redis: a logout in one
   * process ends the session in all, and each refresh token is used once.
   *
   * @default `session.store`, else the memory of this process
   */
  sharedStore?: SharedStore | undefined
  /**
   * Further parameters of every authorization request, such as `response_mode` (`form_post`, or signed: `jwt`, `form_post.jwt`), `audience`,
   * `prompt` or `authorization_details`, or a function that is called at each login and returns them within `httpTimeoutSeconds`.
   * @default none
   */
  authorizationParams?: AuthorizationParams | ((req: Request) => ReturnedParams | Promise<ReturnedParams>) | undefined
  /**
   * Names of parameters of `/login` that are passed on to the provider, such as `ui_locales`, `kc_idp_hint` or `organization`. A login
   * with an `organization` succeeds only if the ID Token names it as `org_id`, `org_name` or `organization`. @default none
   */
  loginParams?: readonly string[] | undefined
  /** Whether to push authorization requests (RFC 9126). @default only if the provider requires it */
  pushedAuthorizationRequests?: boolean | undefined
  /**
   * `true` signs authorization requests with the current key of `clientKeys`; an object may encrypt them as well.
   *
   * @default only if the provider requires it (`require_signed_request_object`)
   * @see https://www.rfc-editor.org/rfc/rfc9101
   */
  requestObject?: true | RequestObjectOptions | undefined
  /**
   * `alg` that this client is registered with for ID Tokens, or a list of those that are accepted. `HS256`, `HS384` and `HS512`
   * are accepted only alone, and need a `clientSecret` of at least 32, 48 or 64 bytes. @default 'RS256'
   */
  idTokenSigningAlg?: string | readonly string[] | undefined
  /**
   * `alg` that this client is registered with for signed authorization responses (`response_mode: 'jwt'`), or a list.
   *
   * @default that of ID Tokens
   * @see https://openid.net/specs/oauth-v2-jarm-final.html#section-3
   */
  authorizationResponseAlg?: string | readonly string[] | undefined
  /**
   * Audiences that ID Tokens may name in addition to this client. `'any'` accepts all. A token with several audiences must name this
   * client as `azp`.
   *
   * @default none
   * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
   */
  idTokenAudiences?: readonly string[] | 'any' | undefined
  /**
   * Keys that ID Tokens and UserInfo responses are encrypted for: PKCS#8 PEM or private JWK (RSA, P-256, P-384, P-521, X25519), or
   * a secret as `oct` JWK. Give the old and the new one while keys change. Encrypted tokens must be signed inside.
   *
   * @default none: encrypted tokens are refused
   */
  decryptionKeys?: readonly DecryptionKeyOption[] | undefined
  /**
   * Responses that are refused if they are not encrypted. Logout tokens follow `id_token`.
   *
   * @default ['id_token'] with `decryptionKeys`
   */
  encryptedResponses?: readonly ('id_token' | 'userinfo' | 'authorization')[] | undefined
  /**
   * Allowed clock difference for the dates of ID Tokens in seconds, 0 to 300. For `max_age` and logout tokens it is at most 60.
   *
   * @default 30
   */
  clockToleranceSeconds?: number | undefined
  /** Deadline of each request to the provider, in seconds. @default 5 */
  httpTimeoutSeconds?: number | undefined
  /** Where people may return to after a login. @default see {@link ReturnToOptions} */
  returnTo?: ReturnToOptions | undefined
  /** How logouts work. @default see {@link LogoutOptions} */
  logout?: LogoutOptions | undefined
  /**
   * Whether to add claims of the UserInfo endpoint to those of the ID Token, at each login and `refresh()`. Claims of the ID Token
   * are never replaced, and those about the authentication, such as `acr` and `auth_time`, are never added. If the endpoint fails,
   * the login fails.
   * @default false
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
   */
  userinfo?: boolean | undefined
  /**
   * Whether to sign people in silently if they come to this site and are signed in at the provider (`prompt=none`). It is tried
   * when a browser with Fetch Metadata comes from elsewhere, at most once an hour, and not after a logout. @default false
   */
  silentLogin?: boolean | undefined
  /** Origins that `req.oidc.fetch()` may send the access token to, such as `https://api.example.com`. @default none */
  allowedOrigins?: readonly string[] | undefined
  /**
   * Called after validation, before the session begins. It may return `{ data, returnTo, remember }`; `false` refuses the login with
   * 403. @default none
   */
  onLogin?: ((login: CompletedLogin<Claims>, req: Request) => OnLoginResult | Promise<OnLoginResult>) | undefined
  /** Answers errors of login, callback, logout and guards, instead of `pages` and of problem+json for programs. @default none */
  onError?: ((error: OidcError, context: ErrorContext<Request, Response>) => void | Promise<void>) | undefined
  /**
   * Texts and language of this package's own pages, or a function that chooses them for each request. The pages show errors of its
   * routes and guards to browsers that load a page. `false` passes these errors to `next(error)` instead. @default pages in English
   */
  pages?: PageOptions | ((req: Request) => PageOptions) | false | undefined
  /**
   * Makes all requests, for proxies and private certificate authorities, for example. @default `node:https` with keep-alive
   * for the provider, the global `fetch` for `req.oidc.fetch()`
   */
  fetch?: typeof fetch | undefined
  /** Allows plain http to and from hosts that are not loopback. Anyone on the network can then take over accounts. @default false */
  dangerouslyAllowHttp?: boolean | undefined
}
