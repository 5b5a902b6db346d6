import * as v from 'valibot'
import { seconds } from '../common/fields.js'
import { parseOptions, section } from '../common/parse.js'

/** The oldest answer that may be asked for. */
export const maxUserinfoAge = 3600

/** Options of `req.oidc.userinfo()`. */
export interface UserinfoOptions {
  /** Seconds, 0 to 3600, that an answer of the provider for this session may be old; 0 asks anew. @default 300 */
  maxAgeSeconds?: number | undefined
}

const schema = section({ maxAgeSeconds: v.optional(seconds(0, maxUserinfoAge), 300) })

/**
 * Checks the options of `req.oidc.userinfo()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseUserinfoOptions(options: unknown): v.InferOutput<typeof schema> {
  return parseOptions('userinfo()', schema, options)
}
