import type { AuthorizationDetail } from '../options/authorization-details/detail.js'
import type { AccessTokenClaims, SessionClaims } from '../options/declared-claims.js'

/**
 * Claims of `req.auth`: of the ID Token or of the access token. In an application that has both, declare as optional the claims
 * that only one of them holds.
 */
export type PrincipalClaims = SessionClaims & AccessTokenClaims

/**
 * Who makes the request: a person with a login session, or the holder of an access token or API key. Available as `req.auth`.
 *
 * @example
 * ```ts
 * app.get('/me', requireAuth(), (req, res) => res.json({ person: [req.auth?.issuer, req.auth?.subject] }))
 * ```
 */
export interface Principal<C extends object = PrincipalClaims> {
  /** How the request was authenticated: by a session, a bearer token, a DPoP-bound token or an API key. */
  readonly scheme: 'session' | 'bearer' | 'dpop' | 'api-key'
  /**
   * `sub`, or the claim that `bearer({ subject })` names. It is unique at one issuer only: use `issuer` and `subject` together
   * as the key of a person.
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#ClaimStability
   */
  readonly subject: string
  /** The issuer of the ID Token or of the access token. */
  readonly issuer: string
  /**
   * Name of the provider in the option `providers`. It belongs to the key of a person too: two providers may have the same issuer.
   * Absent if there is none, or if several have the issuer of an access token.
   */
  readonly provider?: string
  /** Claims of the ID Token (session) or of the access token, frozen; or those that `verify` returned for an API key. */
  readonly claims: Readonly<C>
  /** Scopes that were granted, which may be fewer than were asked for. */
  readonly scopes: readonly string[]
  /**
   * What was granted in detail: to the login, or in the access token (claim `authorization_details`) or its introspection response.
   * Absent where the authorization server does not say. The access token of a session may hold fewer.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9396#section-7
   */
  readonly authorizationDetails?: readonly AuthorizationDetail[]
  /** When the session, the token or the API key ends, in seconds since the epoch; `Infinity` for a key that never expires. */
  readonly expiresAt: number
  /** The client that the access token was issued to, if the token names it. */
  readonly clientId?: string
  /**
   * Whether the client acts for itself, without a person. `undefined` if the access token does not say: `person()` and
   * `machine()` both refuse it then. A session is always a person's.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9068#section-5
   */
  readonly isMachine?: boolean
  /**
   * Whether the session is bound to a key of the device, which the request proves; `false` within a minute after a login, while the
   * browser may still register one. Absent if it is not, and will not be. With `session.deviceBound` only.
   *
   * @experimental
   */
  readonly isDeviceBound?: boolean
  /** The access token as presented (bearer and DPoP only). Not enumerable: logging a principal does not leak it. */
  readonly token?: string
}
