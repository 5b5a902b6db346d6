import type { IncomingMessage } from 'node:http'
import type { OidcErrorCode } from '../error-codes.js'
import { SessionError } from '../errors.js'
import { authenticationHandlersOf, isSession } from './guard/authentication.js'
import type { Next, NodeResponse } from './types.js'

/** Error-handling middleware for Express 4 and 5 and Connect. It can also be called directly. */
export type ErrorMiddleware = (error: unknown, req: IncomingMessage, res: NodeResponse, next: Next) => void

const resolvedByLogin: ReadonlySet<OidcErrorCode> = new Set([
  'session_missing',
  'session_expired',
  'access_token_expired',
])

/**
 * Creates an error handler for errors that a new login resolves, such as a provider that has ended the login when the
 * application asks for an access token. A browser that loads a page is sent to the login and back, as by `requireAuth()`. A
 * program gets 401 with `login_url`. Other errors, and errors after the response has begun, go to the next error handler.
 *
 * @example
 * ```ts
 * import { signInAgain } from 'express-oidc'
 *
 * app.get('/orders', requireAuth(), async (req, res) => {
 *   const response = await req.oidc.fetch('https://api.example.com/orders')
 *   res.json(await response.json())
 * })
 * app.use(signInAgain())
 * ```
 */
export function signInAgain(): ErrorMiddleware {
  // Express recognises error handlers by their four parameters.
  return function signInAgain(error, req, res, next) {
    const handler = authenticationHandlersOf(req).find(isSession)
    const isMended = error instanceof SessionError && resolvedByLogin.has(error.code)
    if (handler === undefined || !isMended || res.headersSent) next(error)
    else handler.challenge({ req, res, next, mode: 'auto', error })
  }
}
