import { isPageLoad } from '../../http/fetch-metadata.js'
import { problem } from '../../http/problem.js'
import type { OidcConfiguration } from '../../options/oidc/schema.js'
import { createHttpRequest } from './request.js'
import { respondOrFail } from './respond.js'
import type { Next, NodeRequest, NodeResponse } from '../types.js'
import { isOidcError } from '../../base/error-cause.js'

/** Where an error is reported, and how the login can be tried again. */
interface FailureContext {
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly next: Next
  readonly retryUrl: string
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>
  /** Whether the error handlers respond, rather than problem+json. @default whether a window shows the response */
  readonly isPage?: boolean
  /** Whether a guard refuses: an `onError` that calls `next()` without an error must not let the request pass. */
  readonly isGuard?: boolean
}

/**
 * Reports an error: to `onError` if it is set, otherwise to `next(error)` for what a window shows, and as problem+json for
 * programs. Errors of other packages always go to `next(error)`.
 */
export function fail(error: unknown, onError: OidcConfiguration['onError'], context: FailureContext): void {
  const { req, res, next, retryUrl, isGuard } = context
  if (!isOidcError(error)) {
    next(thrownError(error))
    return
  }
  const answer = (): void => {
    if (context.isPage ?? isPageLoad(createHttpRequest(req))) next(error)
    else respondOrFail(context, problem(error, context.members))
  }
  if (onError === undefined) answer()
  else callOnError((once) => onError(error, { req, res, next: once, retryUrl }), context, isGuard ? answer : undefined)
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
    const isError = typeof error === 'object' && error !== null
    if (isError || insist === undefined) next(error)
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
  onError: (reason: unknown) => unknown = (reason) => next(thrownError(reason)),
): void {
  promise
    .then(onValue, onError)
    .catch((reason: unknown) => next(thrownError(reason)))
    .catch(() => giveUp(res))
}

// An error handler has thrown, or a hook of other middleware throws whenever headers are written. Both were reported before.
function giveUp(res: NodeResponse): void {
  try {
    if (res.headersSent) return void res.destroy()
    res.statusCode = 500
    res.end()
  } catch {
    res.destroy()
  }
}
