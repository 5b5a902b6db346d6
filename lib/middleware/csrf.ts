import { ConfigurationError } from '../errors.js'
import { isSafe, mayBeCrossSite } from '../http/fetch-metadata.js'
import { type CsrfOptions, parseCsrfOptions } from '../options/csrf.js'
import { crossSiteRequest } from './http/cross-site.js'
import { passOn } from './http/error-response.js'
import { createHttpRequest } from './http/request.js'
import { reportRefusal } from './audit/refusal.js'
import { type AuthenticationHandler, authenticationHandlersOf } from './guard/authentication.js'
import type { Middleware } from './types.js'

/**
 * Creates middleware that refuses requests which pages of other sites cause (CSRF). Such a request carries the session cookie
 * of the person who looks at that site.
 *
 * GET, HEAD and OPTIONS always pass. Other requests must come from a page of this origin, by `Sec-Fetch-Site` or `Origin`. A
 * request that has neither header, such as a script's with a session cookie, must send `X-CSRF: 1`. Requests with an access
 * token and no session pass. All others get 403 `cross_site_request`, through `onError` of `oidc()` if it is set.
 *
 * Mount it after `oidc()`, and after `bearer()` if there is one.
 *
 * @example
 * ```ts
 * import { csrf } from 'express-oidc'
 *
 * app.use(oidc(options))
 * app.use(csrf())
 * app.post('/transfer', requireAuth(), transfer)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function csrf(options: CsrfOptions = {}, ..._none: readonly undefined[]): Middleware {
  const configuration = parseCsrfOptions(options)

  return function csrf(req, res, next) {
    const httpRequest = createHttpRequest(req)
    const handlers = authenticationHandlersOf(req)
    const session = handlers.find(({ scheme }) => scheme === 'session')
    const policy = session?.origin === undefined ? undefined : { ...configuration, origin: session.origin }
    const pass = (): void => {
      if (session !== undefined && policy !== undefined) session.csrf = policy
      next()
    }
    if (isSafe(httpRequest) || isByTokenOnly(handlers, session)) pass()
    else if (session === undefined || policy === undefined) passOn(notMounted(), { res, next })
    else if (!mayBeCrossSite(httpRequest, policy)) pass()
    else {
      const error = crossSiteRequest(httpRequest, policy)
      reportRefusal(error, session)
      session.forbid({ req, res, next, error })
    }
  }
}

// A browser adds a cookie by itself, but never an access token.
function isByTokenOnly(
  handlers: readonly AuthenticationHandler[],
  session: AuthenticationHandler | undefined,
): boolean {
  return session?.principal() === undefined && handlers.some((other) => other.principal() !== undefined)
}

function notMounted(): ConfigurationError {
  return new ConfigurationError('not_mounted', 'csrf() ran, but oidc() did not: mount oidc() before this guard')
}
