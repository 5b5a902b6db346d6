import * as v from 'valibot'
import { parseOptions, section } from '../common/parse.js'
import { resource, scopes } from '../common/fields.js'

/** What an access token of a session shall be good for; without either, it is the one that the login brought. */
export interface AccessTokenTarget {
  /** The API that it is for: an absolute URI (RFC 8707), one of those that the login named in `resource`. */
  resource?: string | undefined
  /** Fewer scopes than the login was granted, separated by spaces (RFC 6749 section 6). */
  scope?: string | undefined
}

/** Options of `req.oidc.accessToken()`. */
export interface AccessTokenOptions extends AccessTokenTarget {
  /** Seconds that the token must still live, where the provider's tokens live that long. @default 30 */
  minTtl?: number | undefined
}

const schema = section({
  minTtl: v.optional(
    v.custom<number>((value) => typeof value === 'number' && value >= 0, 'must be a number of seconds'),
    30,
  ),
  resource: v.optional(resource),
  scope: v.optional(scopes, ''),
})

/** The checked options of `req.oidc.accessToken()`. */
export type AccessTokenRequest = v.InferOutput<typeof schema>

/**
 * Checks what an access token is asked for.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseAccessTokenOptions(options: unknown): AccessTokenRequest {
  return parseOptions('accessToken()', schema, options)
}
