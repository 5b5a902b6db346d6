import type { IncomingMessage } from 'node:http'
import { AccessError, ConfigurationError } from '../errors.js'
import { failedAt } from '../base/diagnostics.js'
import { quoted } from '../base/error-cause.js'
import { isRequest } from '../options/common/parse.js'
import { kindOf } from '../options/given.js'
import { isPageLoad } from '../http/fetch-metadata.js'
import { all, isRequirement, refuseNonRequirements } from '../policy/combinators.js'
import type { FrameworkRequest } from '../options/framework.js'
import type { Principal, PrincipalClaims } from '../policy/principal.js'
import {
  type UnmetRequirement,
  type NamedRequirement,
  type Requirement,
  type StepUp,
  retryHeaders,
  withLogin,
} from '../policy/requirement.js'
import { createHttpRequest } from './http/request.js'
import { continueAfter, passOn } from './http/error-response.js'
import {
  type ChallengeCall,
  type ChallengeMode,
  type AuthenticationHandler,
  type GuardCall,
  countingHandlersOf,
  isSession,
} from './guard/authentication.js'
import { reportRefusal } from './audit/refusal.js'
import type { Middleware, NodeRequest } from './types.js'
import { isJsonObject, omitUndefined } from '../base/json.js'

/**
 * Creates a guard that lets a request pass only if its principal meets every requirement. Sessions and access tokens count
 * alike.
 *
 * If nobody is signed in, a browser is sent to the login and a program gets 401 with a challenge. A principal that is not
 * allowed gets 403 with the name of the requirement. If `acr()` or `maxAge()` is not met, a browser is sent to a stronger
 * login, which is verified on return.
 *
 * @example
 * ```ts
 * app.get('/account', requireAuth(), mine)
 * app.delete('/orders/:id', requireAuth(any(role('admin'), permission('orders:delete'))), removeOrder)
 * app.get('/api/orders', requireAuth({ challenge: 'respond' }, scope('orders:read')), listOrders)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`, when the guard is created, for a value that is not a requirement
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 */
export function requireAuth(...requirements: readonly Requirement<FrameworkRequest>[]): Middleware
export function requireAuth(
  options: RequireAuthOptions,
  ...requirements: readonly Requirement<FrameworkRequest>[]
): Middleware
export function requireAuth<Request extends IncomingMessage = FrameworkRequest, C extends object = PrincipalClaims>(
  options: RequireAuthOptions,
  ...requirements: readonly Requirement<Request, C>[]
): Middleware<Request>
export function requireAuth<Request extends IncomingMessage = FrameworkRequest, C extends object = PrincipalClaims>(
  ...requirements: readonly Requirement<Request, C>[]
): Middleware<Request>
export function requireAuth<Request extends IncomingMessage>(
  ...args: readonly [RequireAuthOptions, ...Requirement<Request>[]] | readonly Requirement<Request>[]
): Middleware<Request> {
  const { mode, requirements } = splitArguments<Request>(args)
  const requirement = requirements.length === 0 ? undefined : all(...requirements)

  return function requireAuth(req, res, next) {
    const call: GuardCall = { req, res, next }
    const handlers = countingHandlersOf(req)
    const signedIn = handlers.find((candidate) => candidate.principal() !== undefined)
    const principal = signedIn?.principal()
    signedIn?.keepPrivate?.()
    if (principal === undefined && isSetByApplication(req)) passOn(notRead(), call)
    else if (handlers.length === 0) passOn(notMounted(), call)
    else if (signedIn === undefined || principal === undefined)
      challenge(handlers, { ...call, mode, error: loginNeeded(handlers, req), ...withLogin(requirement?.firstLogin) })
    else if (requirement === undefined) next()
    else decide(requirement, principal, { ...call, req, mode, handler: signedIn })
  }
}

interface Decision<Request> extends GuardCall {
  readonly req: NodeRequest & Request
  readonly mode: ChallengeMode
  readonly handler: AuthenticationHandler
}

// A predicate that throws is an error of the application: the request neither passes nor is refused.
function decide<Request>(
  requirement: NamedRequirement<Request>,
  principal: Principal,
  decision: Decision<Request>,
): void {
  const { req, next, handler } = decision
  const checked = requirement.check(principal, req, handler.now)
  if (!(checked instanceof Promise) && checked.met) next()
  else
    continueAfter(Promise.resolve(checked), decision, (verdict) => (verdict.met ? next() : forbid(verdict, decision)))
}

// A browser that loads a page can sign in. A program gets the challenge of the nearest middleware.
function challenge(handlers: readonly AuthenticationHandler[], call: ChallengeCall): void {
  const canSignIn = call.mode === 'redirect' || (call.mode === 'auto' && isPageLoad(createHttpRequest(call.req)))
  const session = canSignIn ? handlers.find((candidate) => candidate.scheme === 'session') : undefined
  const handler = session ?? handlers[0]
  failedAt('guard', {}, call.error)
  handler?.challenge(call)
}

function loginNeeded(handlers: readonly AuthenticationHandler[], req: NodeRequest): AccessError {
  const details = isTokenUnread(handlers, req) ? tokenUnread : handlers.find(isSession)?.absence?.()
  return new AccessError('login_needed', 'sign in to see this', { details })
}

const tokenUnread = {
  subject: 'Authorization',
  seen: 'an access token',
  expected: 'bearer() before this guard: oidc() reads no tokens',
}

function isTokenUnread(handlers: readonly AuthenticationHandler[], req: NodeRequest): boolean {
  return handlers.every(isSession) && /^(?:Bearer|DPoP) /i.test(createHttpRequest(req).header('authorization') ?? '')
}

function forbid(failure: UnmetRequirement, { handler, mode, ...call }: Decision<unknown>): void {
  const { kind: requirement, stepUp, scopes, detailType, details, outage, retryAfterSeconds } = failure
  if (outage !== undefined) {
    failedAt('guard', {}, outage)
    handler.forbid({ ...call, error: outage })
    return
  }
  if (stepUp !== undefined && canStepUp(handler, stepUp)) {
    const what = stepUp.providers === undefined ? 'a stronger or more recent login' : 'a login at another provider'
    const message = `this needs ${what} (${requirement}): sign in again`
    const error = new AccessError('login_needed', message, { requirement, details })
    reportRefusal(error, handler)
    handler.challenge({ ...call, mode, error, stepUp })
    return
  }
  const message = `you are signed in, but not allowed here (${requirement})`
  const error = new AccessError('not_allowed', message, { requirement, details, ...retryHeaders(retryAfterSeconds) })
  reportRefusal(error, handler)
  handler.forbid({ ...call, error, ...omitUndefined({ scopes, detailType }) })
}

// No access token says at which of the login's providers somebody has signed in.
function canStepUp({ scheme }: AuthenticationHandler, { acrValues, maxAge }: StepUp): boolean {
  return scheme === 'session' || acrValues !== undefined || maxAge !== undefined
}

function notMounted(): ConfigurationError {
  const message = 'requireAuth() ran without oidc() or bearer() before it: mount one of them before this guard'
  return new ConfigurationError('not_mounted', message)
}

// Otherwise a developer would look for a login that is not missing.
function isSetByApplication(req: NodeRequest): boolean {
  const value: unknown = Object.getOwnPropertyDescriptor(req, 'auth')?.value
  return isJsonObject(value) && typeof value['subject'] === 'string'
}

function notRead(): ConfigurationError {
  const message =
    'requireAuth() does not read the req.auth that this application has set: only oidc() and bearer() say who is signed in (for API keys, use the option "apiKey" of bearer())'
  return new ConfigurationError('unknown_principal', message)
}

/**
 * Options of one guard.
 *
 * @example
 * ```ts
 * app.get('/api/orders', requireAuth({ challenge: 'respond' }), listOrders)
 * ```
 */
export interface RequireAuthOptions {
  /**
   * What happens if nobody is signed in: `redirect` sends to the login, `respond` sends 401 as problem+json, and `auto`
   * redirects navigations of browsers and sends 401 to all else.
   *
   * @default 'auto'
   */
  challenge?: ChallengeMode | undefined
}

/**
 * Separates the options of `requireAuth()` from its requirements.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
function splitArguments<Request>(args: readonly (RequireAuthOptions | Requirement<Request>)[]): {
  readonly mode: ChallengeMode
  readonly requirements: readonly Requirement<Request>[]
} {
  const [first, ...rest] = args
  const hasOptions = isOptions(first)
  const candidates = hasOptions ? rest : args
  refuseNonRequirements('requireAuth', candidates)
  return { mode: hasOptions ? challengeMode(first) : 'auto', requirements: candidates.filter(isRequirement<Request>) }
}

function isOptions(value: unknown): value is RequireAuthOptions {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isRequirement(value) && !isRequest(value)
  )
}

const modes: readonly unknown[] = ['auto', 'redirect', 'respond'] satisfies readonly ChallengeMode[]

function challengeMode({ challenge = 'auto', ...unknown }: RequireAuthOptions): ChallengeMode {
  if (modes.includes(challenge) && Object.keys(unknown).length === 0) return challenge
  const names = Object.keys(unknown).map((name) => quoted(name))
  const what = names.length > 0 ? `${names.join(', ')} in an object` : kindOf(challenge)
  const message = `requireAuth() takes { challenge: "auto" | "redirect" | "respond" } as its only options (given: ${what}): requirements are calls, such as scope("…") or claim("…", "…")`
  throw new ConfigurationError('invalid_options', message)
}
