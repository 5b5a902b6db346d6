import * as v from 'valibot'
import type { SessionClaims } from '../../declared-claims.js'
import type { FrameworkRequest } from '../../framework.js'
import { callback } from '../../common/fields.js'
import { section } from '../../common/parse.js'

/**
 * What the route `routes.session` shows of the person to scripts of this site.
 *
 * @example
 * ```ts
 * app.use(
 *   oidc({ ...options, routes: { session: '/session' }, sessionRoute: { claims: ['sub', 'name', 'email', 'picture'] } }),
 * )
 * ```
 */
export interface SessionRouteOptions<Claims = SessionClaims, Request = FrameworkRequest> {
  /**
   * Names of claims that `user` has there, or a function that returns `user`, of JSON values: of the person's claims, or of
   * `req.oidc.data`, for example. Tokens of the session are refused. If the promise of such a function is late
   * (`httpTimeoutSeconds`), the request gets 503. @default ['sub', 'name']
   */
  claims?: readonly string[] | SessionRouteClaims<Claims, Request> | undefined
}

/** Makes what scripts of this site see of a person. */
export type SessionRouteClaims<Claims = SessionClaims, Request = FrameworkRequest> = (
  user: Readonly<Claims & { iss: string; sub: string }>,
  context: { readonly req: Request },
) => object | Promise<object>

const whatClaims = 'must be a list of names of claims, or a function'
const names = v.array(v.pipe(v.string(whatClaims), v.minLength(1, whatClaims)), whatClaims)

/** The checks of the option `sessionRoute`. */
export const sessionRoute = v.optional(
  section({
    claims: v.optional(v.lazy((given) => (typeof given === 'function' ? callback : names))),
  }),
)

interface RelatedOptions {
  readonly routes: { readonly login: string | false; readonly session: string | false }
  readonly sessionRoute?: object | undefined
}

/** What does not fit together in the options of the session route. */
export function sessionRouteFlaw({ routes, sessionRoute: own }: RelatedOptions): string | undefined {
  if (routes.session === false)
    return own === undefined
      ? undefined
      : 'must have "routes.session", such as "/session", with "sessionRoute": there is no such route by default'
  return routes.login === false
    ? 'must not have "routes.session" with "routes.login" false: its response says where to sign in'
    : undefined
}
