import * as v from 'valibot'
import { isJsonObject } from '../../base/json.js'
import { authorizationDetails } from '../authorization-details/schema.js'
import { flag, httpUrl, isAllowedUrl, resource, routePath, scopes, seconds } from '../common/fields.js'
import { usesHttps } from '../common/http-client.js'
import { parseOptions, section } from '../common/parse.js'
import { type ApiTlsOptions, apiTls, type CurrentTls } from '../common/tls.js'
import type { AccessTokenTarget } from '../oidc/access-token.js'

/**
 * Options of `apiProxy()`. `resource`, `scope` and `authorizationDetails` say which access token of the session the API gets.
 *
 * @example
 * ```ts
 * import { apiProxy } from 'express-oidc/proxy'
 *
 * app.use('/api', apiProxy('https://api.example.com/v1', { resource: 'https://api.example.com', timeoutSeconds: 10 }))
 * ```
 */
export interface ApiProxyOptions extends AccessTokenTarget {
  /**
   * Path below which requests are sent on, such as `/api`, where no framework removes it from `req.url`: in a plain `node:http`
   * server. Other requests go to `next()`. @default the path at which Express or Connect have mounted the proxy
   */
  mountPath?: string | undefined
  /** Seconds to wait for the connection, and for the headers of the response, 0.1 to 600. @default 30 */
  timeoutSeconds?: number | undefined
  /** Whether to offer HTTP/2 to an API on https. WebSockets stay with HTTP/1.1. @default false */
  http2?: boolean | undefined
  /**
   * Whether `%2F` may stand in paths, as in `/projects/group%2Fname`. Guards of this application see it as part of a name, while
   * many APIs see a slash there. @default false
   */
  allowEncodedSlashes?: boolean | undefined
  /** Certificates for connections to the API. @default none, and the authorities that Node trusts */
  tls?: ApiTlsOptions | CurrentTls<ApiTlsOptions> | undefined
  /** Whether the API may be reached by plain http on another host. Everybody on the way can then read the tokens. @default false */
  dangerouslyAllowHttp?: boolean | undefined
}

/** The checks of the options of `apiProxy()`. */
export const schema = v.pipe(
  section({
    target: httpUrl('the URL of an API, such as "https://api.example.com/v1"'),
    resource: v.optional(resource),
    scope: v.optional(scopes, ''),
    authorizationDetails: v.optional(authorizationDetails),
    mountPath: v.optional(v.pipe(routePath, v.regex(/[^/]$/, 'must be a path without "/" at its end'))),
    timeoutSeconds: v.optional(seconds(0.1, 600), 30),
    http2: v.optional(flag, false),
    allowEncodedSlashes: v.optional(flag, false),
    tls: apiTls,
    dangerouslyAllowHttp: v.optional(flag, false),
  }),
  usesHttps(({ target }) => ({ target }), isAllowedUrl),
)

/** The target and the options of `apiProxy()`, checked and frozen. */
export type ApiProxyConfiguration = v.InferOutput<typeof schema>

/**
 * Checks the arguments of `apiProxy()`.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function parseApiProxyOptions(target: unknown, options: unknown): ApiProxyConfiguration {
  return parseOptions('apiProxy()', schema, isJsonObject(options) ? { ...options, target } : options)
}
