import type { AuditEntry } from '../../base/audit/audit.js'
import type { Principal } from '../../policy/principal.js'
import type { StepUp } from '../../policy/requirement.js'
import type { OidcErrorDetails } from '../../error-details.js'
import type { AccessError, OidcError, SessionError } from '../../errors.js'
import type { CrossSitePolicy } from '../../http/fetch-metadata.js'
import type { PageSettings } from '../../options/pages.js'
import type { ErrorLinks } from '../http/error-page.js'
import { readMember, RequestMember } from '../http/request-property.js'
import type { Next, NodeRequest, NodeResponse } from '../types.js'
import type { ApiAccess } from './api-access.js'

/** What a middleware that authenticates offers to guards: who was found, and how to challenge or forbid. */
export interface AuthenticationHandler {
  readonly scheme: 'session' | 'bearer'
  /** The clock that its times are checked by: milliseconds since the epoch. */
  readonly now?: () => number
  /** Origin of the application that the request came to, if the options name it. */
  readonly origin?: string
  /** What pages about errors say, and where they lead. */
  readonly pages?: PageSettings
  links?(): ErrorLinks
  /** The value of `req.oidc`. */
  readonly handle?: unknown
  /** The policy of `csrf()`, once that has let the request pass. */
  csrf?: CrossSitePolicy
  /** The access tokens of the session. */
  readonly access?: ApiAccess
  /** Whether an access token of the request was refused, and the application went on all the same. */
  readonly hasRefusedToken?: boolean
  /** The relying party and session of the principal, for audit events. */
  readonly audited?: Pick<AuditEntry, 'of' | 'sessionId'>
  principal(): Principal | undefined
  /** Why there is no principal, for logs. */
  absence?(): OidcErrorDetails
  /** Keeps the response out of caches, unless the application decides otherwise: behind a guard, responses are personal. */
  keepPrivate?(): void
  /** Responds with a login for a browser, and a challenge for a program. */
  challenge(call: ChallengeCall): void
  /** Responds with a refusal that no login would change. */
  forbid(call: ForbidCall): void
}

/** The arguments of the middleware that decides. */
export interface GuardCall {
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly next: Next
}

/** A challenge, and why. */
export interface ChallengeCall extends GuardCall {
  readonly mode: ChallengeMode
  readonly error: AccessError | SessionError
  /** What the login of a signed-in person lacks. */
  readonly stepUp?: StepUp
  /** What a first login should reach. */
  readonly firstLogin?: StepUp
}

/** A refusal that no login would change, and why. */
export interface ForbidCall extends GuardCall {
  readonly error: OidcError
  /** Scopes that would have been enough. */
  readonly scopes?: readonly string[]
  /** Type of authorization details that would have been enough. */
  readonly detailType?: string
}

/** `redirect` sends to the login, `respond` sends 401, and `auto` redirects navigations and sends 401 to all else. */
export type ChallengeMode = 'auto' | 'redirect' | 'respond'

const key = Symbol.for('express-oidc.authentication')

type Guarded = NodeRequest & { [key]?: readonly AuthenticationHandler[] }

const noHandlers: readonly AuthenticationHandler[] = []

/** The handlers of the middleware that saw a request, the latest first. */
export function authenticationHandlersOf(req: Guarded): readonly AuthenticationHandler[] {
  return readMember(req, key) ?? noHandlers
}

/**
 * The handlers whose principals count. If an access token was refused, sessions do not count: a request with a token means to
 * act with the rights of the token.
 */
export function countingHandlersOf(req: Guarded): readonly AuthenticationHandler[] {
  const handlers = authenticationHandlersOf(req)
  const isRefused = handlers.some(({ hasRefusedToken }) => hasRefusedToken === true)
  return isRefused ? handlers.filter((handler) => !isSession(handler)) : handlers
}

/** Makes a handler known to later guards. */
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

// The principal found by the nearest middleware, whether session or token.
function principalOf(handlers: readonly AuthenticationHandler[]): Principal | undefined {
  for (const handler of handlers) {
    const principal = handler.principal()
    if (principal !== undefined) return principal
  }
  return undefined
}
