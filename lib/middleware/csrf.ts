import { AccessError, ConfigurationError } from '../errors.js'
import { isSafe, mayBeCrossSite } from '../http/fetch-metadata.js'
import { type CsrfOptions, parseCsrfOptions } from '../options/csrf.js'
import { createHttpRequest } from './http/request.js'
import { type AuthenticationHandler, authenticationHandlersOf } from './guard/authentication.js'
import type { Middleware } from './types.js'

/**
 * Creates a guard against requests that another site has a browser make (CSRF): they carry the session cookie of whoever
 * looks at that site. All methods but GET, HEAD and OPTIONS must come from a page of this origin, which `Sec-Fetch-Site`
 * tells, or `Origin`; what tells neither, such as a program with a cookie, must bring the header `X-CSRF: 1`. Requests with an
 * access token and no session pass. Mount it behind `oidc()`, and behind `bearer()` where there is one.
 *
 * Others get 403 `cross_site_request`, by `onError` of `oidc()` if it has one.
 *
 * @throws {ConfigurationError} `invalid_options`
 * @see W3C Fetch Metadata Request Headers
 */
export function csrf(options: CsrfOptions = {}): Middleware {
  const configuration = parseCsrfOptions(options)

  return function csrf(req, res, next) {
    const httpRequest = createHttpRequest(req)
    const handlers = authenticationHandlersOf(req)
    const session = handlers.find(({ scheme }) => scheme === 'session')
    if (isSafe(httpRequest) || isByTokenOnly(handlers, session)) next()
    else if (session?.origin === undefined) next(notMounted())
    else if (!mayBeCrossSite(httpRequest, { ...configuration, origin: session.origin })) next()
    else {
      const message = 'this request must come from a page of this site, or bring the header that its own programs send'
      session.refuse({ req, res, next, error: new AccessError('cross_site_request', message) })
    }
  }
}

// Nothing but a cookie goes along by itself.
function isByTokenOnly(
  handlers: readonly AuthenticationHandler[],
  session: AuthenticationHandler | undefined,
): boolean {
  return session?.principal() === undefined && handlers.some((other) => other.principal() !== undefined)
}

function notMounted(): ConfigurationError {
  return new ConfigurationError('not_mounted', 'csrf() ran, but oidc() did not: mount oidc() before this guard')
}
