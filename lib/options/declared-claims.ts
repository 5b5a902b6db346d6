/** Claims of a person and of an access token alike. Claims that are added here have types in both of the following. */
export interface Claims {
  /** Any other claim. */
  readonly [name: string]: unknown
}

/**
 * Claims of a person with a login session. Add the claims that your provider issues, and they have types in `req.oidc.user`,
 * `onLogin` and guards everywhere. Nothing checks them at run time: declare as optional what may be missing.
 *
 * @example
 * ```ts
 * declare module 'express-oidc' {
 *   interface SessionClaims {
 *     dept: 'hr' | 'sales'
 *   }
 * }
 *
 * app.get('/dept', requireAuth(), (req, res) => res.send(req.oidc.user?.dept))
 * ```
 */
export interface SessionClaims extends Claims {
  /** Any other claim. */
  readonly [name: string]: unknown
}

/**
 * Claims of an access token. Add the claims that your authorization server issues, as with {@link SessionClaims}, and they have
 * types in `req.auth.claims` and guards everywhere.
 */
export interface AccessTokenClaims extends Claims {
  /** Any other claim. */
  readonly [name: string]: unknown
}
