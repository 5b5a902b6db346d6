import type { Principal } from '../../policy/principal.js'
import type { StepUp } from '../../policy/requirement.js'
import type { AccessError, SessionError } from '../../errors.js'
import { readMember, RequestMember } from '../http/request-property.js'
import type { Next, NodeRequest, NodeResponse } from '../types.js'

/** How a guard sends away someone who is not signed in, or not strongly enough. */
export interface AuthenticationHandler {
  readonly scheme: 'session' | 'bearer'
  /** Origin of the application that the request came to, where the options say it. */
  readonly origin?: string
  /** What applications use of it, as `req.oidc`. */
  readonly handle?: unknown
  /** Whether the request brought an access token that was refused, and went on all the same. */
  readonly hasRefusedToken?: boolean
  principal(): Principal | undefined
  /** Keeps the response out of caches, unless the application says otherwise: a guard lets somebody see what others may not. */
  keepPrivate?(): void
  /** Answers: a login for a browser, a challenge for a program. */
  challenge(call: ChallengeCall): void
  /** Answers with a refusal that no login would mend. */
  refuse(call: RefusalCall): void
}

/** The request that a guard decides on. */
export interface GuardCall {
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly next: Next
}

/** A challenge, and why. */
export interface ChallengeCall extends GuardCall {
  readonly mode: ChallengeMode
  readonly error: AccessError | SessionError
  /** What the login of somebody who is signed in lacks. */
  readonly stepUp?: StepUp
  /** What the login of a stranger should reach at once. */
  readonly firstLogin?: StepUp
}

/** A refusal, and why. */
export interface RefusalCall extends GuardCall {
  readonly error: AccessError
  /** Scopes that would have been enough. */
  readonly scopes?: readonly string[]
}

/** `auto` sends navigations to the login and answers all else with 401; the others do one of the two always. */
export type ChallengeMode = 'auto' | 'redirect' | 'respond'

const key = Symbol.for('express-oidc.authentication')

type Guarded = NodeRequest & { [key]?: readonly AuthenticationHandler[] }

const noHandlers: readonly AuthenticationHandler[] = []

/** The middlewares of this package that saw a request, the last one first. */
export function authenticationHandlersOf(req: Guarded): readonly AuthenticationHandler[] {
  return readMember(req, key) ?? noHandlers
}

/**
 * Those whose principals count. No session stands in for an access token that was refused: who presents one means to act as
 * somebody else, perhaps with other rights.
 */
export function countingHandlersOf(req: Guarded): readonly AuthenticationHandler[] {
  const handlers = authenticationHandlersOf(req)
  const isRefused = handlers.some(({ hasRefusedToken }) => hasRefusedToken === true)
  return isRefused ? handlers.filter((handler) => !isSession(handler)) : handlers
}

/** Makes a middleware known to the guards behind it. */
export function addAuthenticationHandler(req: Guarded, handler: AuthenticationHandler): void {
  req[key] = [handler, ...authenticationHandlersOf(req)]
}

/** `req.auth`. */
export const auth = new RequestMember('auth', (req) => principalOf(countingHandlersOf(req)))

/** `req.oidc`. */
export const oidcHandle = new RequestMember('oidc', (req) => authenticationHandlersOf(req).find(isSession)?.handle)

/** Whether a middleware reads sessions. */
export function isSession({ scheme }: AuthenticationHandler): boolean {
  return scheme === 'session'
}

// Whoever the nearest middleware that knows somebody knows: a session or a token, whichever was mounted first.
function principalOf(handlers: readonly AuthenticationHandler[]): Principal | undefined {
  for (const handler of handlers) {
    const principal = handler.principal()
    if (principal !== undefined) return principal
  }
  return undefined
}
