import * as v from 'valibot'
import { flag, headerName, origins } from './common/fields.js'
import { parseOptions, section } from './common/parse.js'

/**
 * Options of `csrf()`.
 *
 * @example
 * ```ts
 * import { csrf } from 'express-oidc'
 *
 * app.use(csrf({ origins: ['https://www.example.com'] }))
 * ```
 */
export interface CsrfOptions {
  /** Whether to accept requests from sibling subdomains. Everyone who controls one can then act for people here. @default false */
  allowSameSite?: boolean | undefined
  /** Further origins whose pages may send requests, such as `https://www.example.com`. @default none */
  origins?: readonly string[] | undefined
  /** Name of the header for requests without Fetch Metadata and `Origin`. Pages of other origins cannot set it without CORS. @default 'x-csrf' */
  header?: string | undefined
}

// Forms and simple requests of other sites can set these (Fetch section 2.2.2), or the browser sets them by itself.
const ambient =
  /^(accept|accept-language|content-language|content-length|content-type|cookie|dnt|host|origin|range|referer|user-agent|(proxy|sec)-.*)$/

/** The checks of the options of `csrf()`. */
export const schema = section({
  allowSameSite: v.optional(flag, false),
  origins,
  header: v.optional(
    v.pipe(
      headerName,
      v.maxLength(64, 'must have at most 64 characters'),
      v.check((name) => !ambient.test(name), 'must be a header that browsers never send by themselves'),
    ),
    'x-csrf',
  ),
})

/** The checked and frozen options of `csrf()`. */
type CsrfConfiguration = v.InferOutput<typeof schema>

/**
 * Checks the options of `csrf()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseCsrfOptions(options: unknown): CsrfConfiguration {
  return parseOptions('csrf()', schema, options)
}
