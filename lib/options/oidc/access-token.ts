import * as v from 'valibot'
import { parseOptions, section } from '../common/parse.js'
import type { AuthorizationDetail } from '../authorization-details/detail.js'
import { authorizationDetails } from '../authorization-details/schema.js'
import { resource, scopes } from '../common/fields.js'

/**
 * What an access token of a session is for. Without `resource` and `scope`, it is the main token of the login.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8707#section-2.2
 */
export interface AccessTokenTarget {
  /** The API, as an absolute URI: one of the option `resource` of `oidc()`. @default the API of the main token */
  resource?: string | undefined
  /** Some of the scopes that the login was granted, separated by spaces (RFC 6749 section 6). @default all of them */
  scope?: string | undefined
  /**
   * Some of the authorization details that the login was granted, as a list or JSON. @default all of them
   *
   * @see https://www.rfc-editor.org/rfc/rfc9396#section-6
   */
  authorizationDetails?: string | readonly AuthorizationDetail[] | undefined
}

/**
 * Options of `req.oidc.accessToken()`.
 *
 * @example
 * ```ts
 * const token = await req.oidc.accessToken({ minTtl: 120 })
 * ```
 */
export interface AccessTokenOptions extends AccessTokenTarget {
  /** Seconds for which the token must still be valid, if the provider's tokens are valid for that long. @default 30 */
  minTtl?: number | undefined
}

/** The checks of the options of `req.oidc.accessToken()`. */
export const schema = section({
  minTtl: v.optional(
    v.custom<number>((value) => typeof value === 'number' && value >= 0, 'must be a number of seconds'),
    30,
  ),
  resource: v.optional(resource),
  scope: v.optional(scopes, ''),
  authorizationDetails: v.optional(authorizationDetails),
})

/** The checked options of `req.oidc.accessToken()`. */
export type AccessTokenRequest = v.InferOutput<typeof schema>

/**
 * Checks the options of `req.oidc.accessToken()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseAccessTokenOptions(options: unknown): AccessTokenRequest {
  return parseOptions('accessToken()', schema, options)
}
