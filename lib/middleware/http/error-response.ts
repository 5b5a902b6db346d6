import { ConfigurationError, type OidcError } from '../../errors.js'
import { isPageLoad } from '../../http/fetch-metadata.js'
import { problem } from '../../http/problem.js'
import type { OidcConfiguration } from '../../options/oidc/schema.js'
import type { PageSettings } from '../../options/pages.js'
import { type ErrorLinks, errorPage } from './error-page.js'
import { createHttpRequest } from './request.js'
import { respond, respondOrFail } from './respond.js'
import type { Next, NodeRequest, NodeResponse } from '../types.js'
import { isError, isOidcError, systemCode } from '../../base/error-cause.js'

/** Where an error is reported, and where a page about it leads. */
interface FailureContext extends ErrorLinks {
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly next: Next
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>
  /**
   * Whether to respond with a page, or with `pages: false` to leave that to the error handlers. Otherwise the response is
   * problem+json. @default whether a window shows the response
   */
  readonly isPage?: boolean
  /** Whether a guard refuses: an `onError` that calls `next()` without an error must not let the request pass. */
  readonly isGuard?: boolean
}

/**
 * Reports an error: to `onError` if it is set, otherwise as a page for what a window shows, and as problem+json for programs.
 * With the option `pages: false`, `next(error)` takes the place of the page. Mistakes in the set-up and errors of other packages
 * always go to `next(error)`: only the operator can correct them.
 */
export function fail(
  error: unknown,
  { onError, pages }: Pick<OidcConfiguration, 'onError' | 'pages'>,
  context: FailureContext,
): void {
  const { req, res, retryUrl, isGuard } = context
  if (!isOidcError(error)) {
    passOn(thrownError(error), context)
    return
  }
  const answer = (): void => {
    if (error instanceof ConfigurationError) {
      passOn(error, context)
      return
    }
    const isShown = isPageLoad(createHttpRequest(req))
    const isPage = context.isPage ?? isShown
    if (isPage && !pages.showErrors) passOn(error, context)
    else if (isPage && isShown) showErrorPage(error, pages, context)
    else respondOrFail(context, problem(error, context.members))
  }
  if (onError === undefined) answer()
  else callOnError((once) => onError(error, { req, res, next: once, retryUrl }), context, isGuard ? answer : undefined)
}

/** Responds with a page about an error. What the application's function for its texts throws goes to the error handlers. */
export function showErrorPage(
  error: OidcError,
  pages: PageSettings,
  context: ErrorLinks & PendingCall & { readonly req: NodeRequest },
): void {
  try {
    respond(context.req, context.res, errorPage(error, pages.for(context.req), context))
  } catch (thrown) {
    passOn(thrownError(thrown), context)
  }
}

/**
 * Passes an error to the error handlers. If one of them takes `code` for the status, as the default handler of Polka 0.5 does, Node
 * refuses that and the process would end: the response has the error's own status then.
 */
export function passOn(error: unknown, { res, next }: PendingCall): void {
  try {
    next(error)
  } catch (thrown) {
    const isInvalidStatus = isError(thrown) && systemCode(thrown) === 'ERR_HTTP_INVALID_STATUS_CODE'
    if (!isInvalidStatus || !isOidcError(error) || res.headersSent) throw thrown
    respond(res.req, res, problem(error))
  }
}

/** What was thrown, or an error instead of a primitive: `next(undefined)` and `next('route')` have another meaning in Express. */
export function thrownError(reason: unknown): unknown {
  if (typeof reason === 'object' && reason !== null) return reason
  return new Error(`a callback of the application threw a value that is not an error (${typeof reason})`)
}

/**
 * Calls the application's `onError`. After its first call of `next`, further calls and errors are ignored.
 *
 * @param insist - for guards: called if `onError` calls `next()` without an error
 */
export function callOnError(call: (next: Next) => unknown, { res, next }: PendingCall, insist?: () => void): void {
  let isHandedOn = false
  const once: Next = (error) => {
    if (isHandedOn) return
    isHandedOn = true
    if (typeof error === 'object' && error !== null) passOn(error, { res, next })
    else if (insist === undefined) next(error)
    else insist()
  }
  continueAfter(Promise.resolve(once), { res, next: once }, call)
}

/** What a request needs to continue after a promise. */
type PendingCall = Pick<FailureContext, 'res' | 'next'>

/**
 * Continues a request once a promise has settled. Nothing awaits this, and Node ends the process for an unhandled rejection:
 * so errors go to the error handlers, and if those throw, the response ends.
 */
export function continueAfter<T>(
  promise: Promise<T>,
  { res, next }: PendingCall,
  onValue: (value: T) => unknown,
  onError: (reason: unknown) => unknown = (reason) => passOn(thrownError(reason), { res, next }),
): void {
  promise
    .then(onValue, onError)
    .catch((reason: unknown) => passOn(thrownError(reason), { res, next }))
    .catch(() => giveUp(res))
}

/**
 * Ends a response with status 500 and an empty body, or closes the connection if it has begun: an error handler has thrown, or a hook
 * of other middleware throws whenever headers are written. Nothing is reported here.
 */
export function giveUp(res: NodeResponse): void {
  try {
    if (res.headersSent) return void res.destroy()
    res.statusCode = 500
    res.end()
  } catch {
    res.destroy()
  }
}
