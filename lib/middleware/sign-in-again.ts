import type { IncomingMessage } from 'node:http'
import type { OidcErrorCode } from '../error-codes.js'
import { SessionError } from '../errors.js'
import { authenticationHandlersOf, isSession } from './guard/authentication.js'
import type { Next, NodeResponse } from './types.js'

/** Middleware for errors: Express 4 and 5, Connect, or called by hand. */
export type ErrorMiddleware = (error: unknown, req: IncomingMessage, res: NodeResponse, next: Next) => void

const mendedByLogin: ReadonlySet<OidcErrorCode> = new Set([
  'session_missing',
  'session_expired',
  'access_token_expired',
])

/**
 * Creates an error handler for what only a login mends: the provider has ended a login while the application was asking for
 * a token. A browser that came to a page is sent to the login and back, as by `requireAuth()`; a program gets 401 with
 * `login_url`. Every other error goes on to the next error handler, and so does this one once a response has begun.
 */
export function signInAgain(): ErrorMiddleware {
  // Express tells handlers of errors by their four parameters.
  return function signInAgain(error, req, res, next) {
    const handler = authenticationHandlersOf(req).find(isSession)
    const isMended = error instanceof SessionError && mendedByLogin.has(error.code)
    if (handler === undefined || !isMended || res.headersSent) next(error)
    else handler.challenge({ req, res, next, mode: 'auto', error })
  }
}
