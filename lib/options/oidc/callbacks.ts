import type { AuthorizationDetail } from '../authorization-details/detail.js'
import type { SessionClaims } from '../declared-claims.js'
import type { FrameworkRequest, FrameworkResponse } from '../framework.js'

/**
 * A validated login, as passed to `onLogin`.
 *
 * @example
 * ```ts
 * app.use(oidc({ ...options, onLogin: ({ claims }) => ({ data: { tenant: String(claims['tenant']) } }) }))
 * ```
 */
export interface CompletedLogin<Claims = SessionClaims> {
  /** Claims of the ID Token, and with the option `userinfo` of the UserInfo endpoint. */
  readonly claims: Readonly<Claims & { iss: string; sub: string }>
  /** The ID Token. */
  readonly idToken: string
  /** The access token. `undefined` if the provider issued none, as Azure AD B2C does if no scope of an API was requested. */
  readonly accessToken: string | undefined
  /** The scopes that were granted, separated by spaces. */
  readonly scope: string
  /** The authorization details that were granted (RFC 9396 section 7). Absent where the provider does not say. */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** What else came with the authorization response. It is not signed: see {@link UnverifiedParameters}. */
  readonly unverified: UnverifiedParameters
  /** Where the person goes after the login, unless `onLogin` returns another `returnTo`: a path, or a URL at one of `returnTo.origins`. */
  readonly returnTo: string
  /** Name of the provider, if `oidc()` has several. Together with `iss` and `sub` it is the key of a person. */
  readonly provider?: string
  /**
   * The session of this browser that the new one replaces: of the same person or another, at this provider or another.
   * Absent if nobody is signed in, and where the response is a POST (`form_post`), with which browsers send no session.
   */
  readonly current?: CurrentLogin
  /**
   * Set if nobody has signed in now: a session of another package is taken over (`session.migrateFrom`). `returnTo` is the page of
   * the request, and one that `onLogin` returns does nothing; `false` leaves the person signed out.
   */
  readonly migrated?: MigratedLogin
}

/** A session of another package. */
export interface MigratedLogin {
  /** What the old application added to the session, by `afterCallback` or in `req.appSession`. Return what should stay as `data`. */
  readonly data: Readonly<Record<string, unknown>>
}

/** The session that a login replaces. */
export interface CurrentLogin {
  /** Claims of its ID Token, and those that the UserInfo endpoint added. */
  readonly claims: Readonly<Record<string, unknown> & { iss: string; sub: string }>
  /** Name of its provider, if `oidc()` has several. */
  readonly provider?: string
  /** The application's own data. */
  readonly data: Readonly<Record<string, unknown>>
}

/**
 * Parameters that the provider added to the authorization response, such as `session_state` or `kc_action_status`. They come
 * through the browser and are not signed, so the person may have changed them: do not use them to decide who somebody is, or
 * what they may do. Guards do not see them, and they are not kept unless `onLogin` returns them.
 */
export interface UnverifiedParameters {
  /**
   * What Apple says about a person, with the first login only: name and e-mail address.
   *
   * @see https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple
   */
  readonly user?: Readonly<Record<string, unknown>>
  /** Any other parameter, as text. */
  readonly [name: string]: unknown
}

/**
 * The request in which an error occurred, as passed to `onError`.
 *
 * @example
 * ```ts
 * app.use(
 *   oidc({
 *     ...options,
 *     onError: (error, { res, retryUrl }) => res.status(error.status).render('error', { code: error.code, retryUrl }),
 *   }),
 * )
 * ```
 */
export interface ErrorContext<Request = FrameworkRequest, Response = FrameworkResponse> {
  /** The framework's request. */
  readonly req: Request
  /** The framework's response. */
  readonly res: Response
  /** Passes the error to the next error handler, as with `pages: false`. */
  readonly next: (error?: unknown) => void
  /** URL that starts the login again and returns to the page that the person was on, or wanted. */
  readonly retryUrl: string
}

/**
 * What a session begins with, as `onLogin` may return it.
 *
 * @example
 * ```ts
 * import type { LoginResult } from 'express-oidc'
 *
 * const result: LoginResult = { data: { theme: 'dark' }, returnTo: '/welcome', remember: true }
 * ```
 */
export interface LoginResult {
  /** Data for the session, of JSON values: `req.oidc.data`. @default none */
  readonly data?: Readonly<Record<string, unknown>> | undefined
  /**
   * Where the person goes, instead of where the login began: a path, or a URL at one of `returnTo.origins`. Anything else is an error.
   *
   * @default `returnTo` of the login
   */
  readonly returnTo?: string | undefined
  /**
   * Whether the session outlives the browser, for as long as `idleSeconds` and `absoluteSeconds` say, or ends with it.
   *
   * @default the opposite of `session.cookie.transient`
   */
  readonly remember?: boolean | undefined
}

/** What a session begins with; `undefined` or `true` for nothing; `false` refuses the login with {@link TransactionError} `login_refused` (403). */
export type OnLoginResult = LoginResult | undefined | void | boolean
