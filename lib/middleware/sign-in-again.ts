import type { IncomingMessage } from 'node:http'
import type { OidcErrorCode } from '../error-codes.js'
import { SessionError } from '../errors.js'
import { isRequest, notCalled } from '../options/common/parse.js'
import { passOn } from './http/error-response.js'
import {
  authenticationHandlersOf,
  type AuthenticationHandler,
  type GuardCall,
  isSession,
} from './guard/authentication.js'
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
export function signInAgain(...none: readonly undefined[]): ErrorMiddleware {
  if (isRequest(none[0])) throw notCalled('signInAgain()')
  // Express recognises error handlers by their four parameters.
  return function signInAgain(error, req, res, next) {
    const challenge = challengeFor(error, authenticationHandlersOf(req).find(isSession))
    if (challenge === undefined || res.headersSent) passOn(error, { res, next })
    else challenge({ req, res, next })
  }
}

/** The challenge for an error that a new login resolves. */
export function challengeFor(
  error: unknown,
  session: AuthenticationHandler | undefined,
): ((call: GuardCall) => void) | undefined {
  if (session === undefined || !(error instanceof SessionError) || !resolvedByLogin.has(error.code)) return undefined
  return (call) => session.challenge({ ...call, mode: 'auto', error })
}
