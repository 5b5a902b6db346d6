import { AccessError, ConfigurationError } from '../errors.js'
import type { CrossSitePolicy } from '../http/fetch-metadata.js'
import type { HttpRequest } from '../http/request.js'
import {
  type AuthenticationHandler,
  authenticationHandlersOf,
  countingHandlersOf,
  type GuardCall,
  isSession,
} from '../middleware/guard/authentication.js'
import { reportRefusal } from '../middleware/audit/refusal.js'
import type { ApiAccess } from '../middleware/guard/api-access.js'
import { isOwnScript, noOwnScript } from '../middleware/http/cross-site.js'
import { passOn } from '../middleware/http/error-response.js'

/** A request that may use the session's tokens. */
export interface Admission {
  readonly session: AuthenticationHandler
  readonly access: ApiAccess
  readonly csrf: CrossSitePolicy
}

/**
 * Lets a request pass that a script of this application has sent, with a session. Others are answered here: a page of another site
 * can send a GET too, and would see what it costs or changes at the API (CWE-352).
 */
export function admit(call: GuardCall, httpRequest: HttpRequest): Admission | undefined {
  const session = authenticationHandlersOf(call.req).find(isSession)
  const csrf = session?.csrf
  if (session === undefined || csrf === undefined) {
    passOn(notMounted(session === undefined ? 'oidc()' : 'csrf()'), call)
    return undefined
  }
  if (!mayAsk(httpRequest, csrf)) {
    const error = noOwnScript(httpRequest, csrf)
    reportRefusal(error, session)
    session.forbid({ ...call, error })
    return undefined
  }
  const access = actsForSession(call, session) ? session.access : undefined
  if (access !== undefined) return { session, access, csrf }
  const details = session.absence?.()
  const error = new AccessError('login_needed', 'sign in to use this', { details })
  reportRefusal(error, session)
  session.challenge({ ...call, mode: 'respond', error })
  return undefined
}

// A request with its own access token means to act with the rights of that token.
function actsForSession({ req }: GuardCall, session: AuthenticationHandler): boolean {
  return countingHandlersOf(req).find((handler) => handler.principal() !== undefined) === session
}

// No page of another origin can set a header, or have another Origin. Browsers set no header of the page's at WebSockets.
function mayAsk(httpRequest: HttpRequest, policy: CrossSitePolicy): boolean {
  return isWebSocket(httpRequest) ? httpRequest.header('origin') === policy.origin : isOwnScript(httpRequest, policy)
}

/** Whether a request opens a WebSocket (RFC 6455 section 4.1). */
export function isWebSocket(httpRequest: HttpRequest): boolean {
  return httpRequest.header('upgrade')?.toLowerCase() === 'websocket'
}

function notMounted(what: 'oidc()' | 'csrf()'): ConfigurationError {
  return new ConfigurationError('not_mounted', `apiProxy() ran, but ${what} did not: mount ${what} before apiProxy()`)
}
