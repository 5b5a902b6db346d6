import * as v from 'valibot'
import { flag, routePath } from '../common/fields.js'
import { parameterName, parameters } from '../common/http-client.js'
import { byDefault, parseOptions, section } from '../common/parse.js'

/**
 * How logouts work.
 *
 * @example
 * ```ts
 * app.use(oidc({ ...options, logout: { returnTo: '/goodbye', atProvider: false } }))
 * ```
 */
export interface LogoutOptions {
  /**
   * Whether to end the session at the provider too, if it has an `end_session_endpoint`. @default true
   *
   * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html
   */
  atProvider?: boolean | undefined
  /**
   * Path below `baseUrl` that people return to. Register it at the provider as post-logout redirect URI. From there they go on
   * to the `returnTo` of their logout, if it had one. @default '/'
   */
  returnTo?: string | undefined
  /**
   * Whether to revoke the refresh token, or the access token if there is none. A logout waits up to one second for it, and
   * ignores errors. @default true
   *
   * @see https://www.rfc-editor.org/rfc/rfc7009#section-2
   */
  revoke?: boolean | undefined
  /** Further parameters of the logout request at the provider, as it documents them. @default none */
  params?: Readonly<Record<string, string>> | undefined
  /**
   * Name of the parameter for the URL that people return to. With another name than the standard one, the request has `client_id`,
   * this parameter and `params`, and nothing else: `logout_uri` for Amazon Cognito, `returnTo` for the `/v2/logout` of Auth0.
   *
   * @default 'post_logout_redirect_uri'
   */
  redirectParameter?: string | undefined
}

/** Name of the parameter that RP-Initiated Logout 1.0 defines for the page to return to. */
export const standardRedirectParameter = 'post_logout_redirect_uri'

const reservedParameters: readonly string[] = ['client_id', 'id_token_hint', 'state', standardRedirectParameter]

const logoutParams = v.pipe(
  parameters,
  v.check(
    (params) => reservedParameters.every((name) => !Object.hasOwn(params, name)),
    `must not set ${reservedParameters.join(', ')}: this package sets them`,
  ),
)

const redirectParameter = v.pipe(
  parameterName,
  v.check(
    (name) => name === standardRedirectParameter || !reservedParameters.includes(name),
    'must be the name of the parameter for the page to return to, such as "logout_uri" or "returnTo"',
  ),
)

/** The checks of the option `logout`. */
export const logout = v.pipe(
  byDefault({
    atProvider: v.optional(flag, true),
    returnTo: v.optional(routePath, '/'),
    revoke: v.optional(flag, true),
    params: v.optional(logoutParams, {}),
    redirectParameter: v.optional(redirectParameter, standardRedirectParameter),
  }),
  v.check(
    ({ params, redirectParameter }) => !Object.hasOwn(params, redirectParameter),
    'must not set "redirectParameter" in "params": this package sets it',
  ),
)

const call = section({ params: v.optional(logoutParams, {}) })

/**
 * Checks the parameters of `req.oidc.logout()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseLogoutParams(params: unknown): Readonly<Record<string, string>> {
  return parseOptions('logout()', call, { params }).params
}
