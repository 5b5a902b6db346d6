import * as v from 'valibot'
import { seconds } from '../common/fields.js'
import { parseOptions, section } from '../common/parse.js'

/** Greatest age of a cached response, in seconds. */
export const maxUserinfoAge = 3600

/**
 * Options of `req.oidc.userinfo()`.
 *
 * @example
 * ```ts
 * const { email } = await req.oidc.userinfo({ maxAgeSeconds: 0 })
 * ```
 */
export interface UserinfoOptions {
  /** Greatest age of a cached response in seconds, 0 to 3600. 0 always requests a new one. @default 300 */
  maxAgeSeconds?: number | undefined
}

/** The checks of the options of `req.oidc.userinfo()`. */
export const schema = section({ maxAgeSeconds: v.optional(seconds(0, maxUserinfoAge), 300) })

/**
 * Checks the options of `req.oidc.userinfo()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseUserinfoOptions(options: unknown): v.InferOutput<typeof schema> {
  return parseOptions('userinfo()', schema, options)
}
