import type { IncomingMessage } from 'node:http'
import { isOidcError } from '../base/error-cause.js'
import { ConfigurationError, type OidcError } from '../errors.js'
import { isPageLoad } from '../http/fetch-metadata.js'
import { problem } from '../http/problem.js'
import type { FrameworkRequest } from '../options/framework.js'
import { warnOfMistake } from '../options/mistake.js'
import { type PageOptions, parsePageOptions } from '../options/pages.js'
import { authenticationHandlersOf, isSession } from './guard/authentication.js'
import { noLinks } from './http/error-page.js'
import { giveUp, passOn, showErrorPage } from './http/error-response.js'
import { createHttpRequest } from './http/request.js'
import { respondOrFail } from './http/respond.js'
import { challengeFor } from './sign-in-again.js'
import type { Next, NodeRequest, NodeResponse } from './types.js'

/** Error-handling middleware for Express 4 and 5 and Connect. Without `next` it answers every error. */
export type ErrorPages = (error: unknown, req: IncomingMessage, res: NodeResponse, next?: Next) => void

/**
 * Creates an error handler for errors of this package, such as those of `req.oidc.accessToken()`. If a new login
 * resolves the error, a browser that loads a page is sent to the login and back, as by `signInAgain()`. Otherwise it gets a page
 * like those of `oidc()`, and a program gets problem+json. Mistakes in the set-up (`ConfigurationError`), errors of others, and
 * errors after the response has begun, go to the next error handler. Without one, mistakes in the set-up are reported as a warning
 * of the process and get a page, and the others get 500 with an empty body.
 *
 * @param options - texts and language, or a function of the request. Default: those of `oidc()`
 *
 * @example
 * ```ts
 * import { errorPages } from 'express-oidc'
 *
 * app.get('/orders', requireAuth(), async (req, res) => {
 *   const response = await req.oidc.fetch('https://api.example.com/orders')
 *   res.json(await response.json())
 * })
 * app.use(errorPages())
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function errorPages(
  options?: PageOptions | ((req: FrameworkRequest) => PageOptions),
  ..._none: readonly undefined[]
): ErrorPages {
  const own = parsePageOptions(options ?? {})

  // Polka has one error handler, and its `next` calls that one again.
  const passing = new WeakSet<Next>()

  // Express recognises error handlers by their four parameters.
  return function errorPages(error, req: NodeRequest, res, next) {
    const isLast = next === undefined || passing.has(next)
    const onward: Next = isLast ? () => giveUp(res) : (reason) => callWithin(passing, next, reason)
    const mayAnswer = (reason: unknown): reason is OidcError =>
      isOidcError(reason) && !res.headersSent && (isLast || !(reason instanceof ConfigurationError))
    if (!mayAnswer(error)) {
      passOn(error, { res, next: onward })
      return
    }
    const session = authenticationHandlersOf(req).find(isSession)
    const pages = options === undefined ? (session?.pages ?? own) : own
    const links = session?.links?.() ?? noLinks
    const show = (reason: unknown): void => {
      if (!mayAnswer(reason)) {
        passOn(reason, { res, next: onward })
        return
      }
      if (reason instanceof ConfigurationError) warnOfMistake(reason)
      const call = { req, res, next: onward }
      if (isPageLoad(createHttpRequest(req))) showErrorPage(reason, pages, { ...call, ...links })
      else respondOrFail(call, problem(reason))
    }
    const challenge = challengeFor(error, session)
    if (challenge === undefined) show(error)
    else challenge({ req, res, next: show })
  }
}

function callWithin(passing: WeakSet<Next>, next: Next, reason: unknown): void {
  passing.add(next)
  try {
    next(reason)
  } finally {
    passing.delete(next)
  }
}
