import type { AuthorizationDetail } from '../options/authorization-details/detail.js'
import type { AppUnderTest } from './agent.js'

/** What a session of `signedIn()` holds in addition to the claims. */
export interface SignedInOptions {
  /** The application's own data, as `req.oidc.update()` stores it. @default none */
  data?: Readonly<Record<string, unknown>> | undefined
  /** Granted scopes, separated by spaces. @default what `oidc()` asks for */
  scope?: string | undefined
  /** Granted authorization details (RFC 9396). @default none: the provider does not say */
  authorizationDetails?: readonly AuthorizationDetail[] | undefined
  /** The access token. @default none */
  accessToken?: string | undefined
  /** The refresh token. @default none */
  refreshToken?: string | undefined
  /** Seconds for which the access token is valid; negative for one that has expired. @default 3600 */
  expiresIn?: number | undefined
  /** When the person proved who they are, in seconds since the epoch (`auth_time`). @default now */
  authTime?: number | undefined
  /** How they proved it (`acr`). @default none */
  acr?: string | undefined
  /** Which of several providers signed them in, by its name in the options. @default the only one */
  provider?: string | undefined
  /**
   * Where the session begins, and is taken: one of several base URLs, or one of a pattern. @default all of them that are named; the
   * first, where they have one cookie name
   */
  baseUrl?: string | undefined
}

/** How `signIn()` signs in. */
export interface SignInOptions {
  /** The page that leads to the provider. @default '/login' */
  path?: string | undefined
  /**
   * The error that the person goes back with instead, such as `access_denied`. Nobody is to be signed in then: `signIn()` resolves with
   * the application's answer, whatever its status. @default none
   */
  error?: string | undefined
  /** `acr` of the ID Token. @default the first of `acr_values`, if the application asks for some */
  acr?: string | undefined
  /** `auth_time` of the ID Token, in seconds since the epoch. @default now */
  authTime?: number | undefined
  /** The browser's cookies before, as a `Cookie` header: an agent of supertest keeps its own. @default none */
  cookie?: string | undefined
}

/** Where `backchannelLogout()` posts to, if not where the person has signed in. */
export interface BackchannelLogoutOptions {
  /** The application. @default every application that the person has signed in to by `signIn()` */
  app?: AppUnderTest | undefined
  /** Path of the route. @default with `app`, '/backchannel-logout'; else `backchannel-logout` beside the callback */
  path?: string | undefined
  /** The client that the token is for. @default with `app`, the first of `clients`; else each one that the person signed in to */
  clientId?: string | undefined
}
