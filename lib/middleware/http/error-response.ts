import { isPageLoad } from '../../http/fetch-metadata.js'
import { problem } from '../../http/problem.js'
import type { OidcConfiguration } from '../../options/oidc/schema.js'
import { createHttpRequest } from './request.js'
import { respondOrFail } from './respond.js'
import type { Next, NodeRequest, NodeResponse } from '../types.js'
import { isOidcError } from '../../base/error-cause.js'

/** Where a failure is to be told, and how the login can be tried again. */
export interface FailureContext {
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly next: Next
  readonly retryUrl: string
  /** Further members of the problem document. */
  readonly members?: Readonly<Record<string, unknown>>
  /** Whether the application's error page is to tell it, rather than problem+json. By default it does to what a window shows. */
  readonly isPage?: boolean
  /** Whether a guard fails: an `onError` that hands on without an error must not open it. */
  readonly isGuard?: boolean
}

/**
 * Tells a failure: to the application's `onError` if it has one, else what a browser's window shows to the
 * application's error handlers, and a program by problem+json. Failures of anything else than this package always go to the error handlers.
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

/** What was thrown, or an error in its place: `next(undefined)` would hand on, and `next('route')` means something else to Express. */
export function thrownError(reason: unknown): unknown {
  if (typeof reason === 'object' && reason !== null) return reason
  return new Error(`a callback of the application threw something that is no error (${typeof reason})`)
}

/**
 * Calls the application's `onError`. One that hands on and then fails has handed on already.
 *
 * @param insist - what is done in a guard, when `onError` hands on as if there were no error
 */
export function callOnError(call: (next: Next) => unknown, { res, next }: Waiting, insist?: () => void): void {
  let isHandedOn = false
  const once: Next = (error) => {
    if (isHandedOn) return
    isHandedOn = true
    const isError = typeof error === 'object' && error !== null
    if (isError || insist === undefined) next(error)
    else insist()
  }
  goOn(Promise.resolve(once), { res, next: once }, call)
}

/** What a request waits with. */
type Waiting = Pick<FailureContext, 'res' | 'next'>

/**
 * Goes on with a request once a promise has settled. Nobody waits for what this begins, and Node ends the process for a
 * rejection that nobody takes: so what is thrown goes to the error handlers, and what those throw ends the response.
 */
export function goOn<T>(
  promise: Promise<T>,
  { res, next }: Waiting,
  onValue: (value: T) => unknown,
  onError: (reason: unknown) => unknown = (reason) => next(thrownError(reason)),
): void {
  promise
    .then(onValue, onError)
    .catch((reason: unknown) => next(thrownError(reason)))
    .catch(() => giveUp(res))
}

// An error handler has thrown, or a hook of other middleware throws whenever headers are written: both were told before.
function giveUp(res: NodeResponse): void {
  try {
    if (res.headersSent) return void res.destroy()
    res.statusCode = 500
    res.end()
  } catch {
    res.destroy()
  }
}
