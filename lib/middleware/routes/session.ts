import type { JsonObject } from '../../base/json.js'
import { nowSeconds } from '../../base/runtime.js'
import { returnedInTime } from '../../base/timers/call-in-time.js'
import { ConfigurationError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import type { Respond } from '../../http/outcome.js'
import { methodNotAllowed, privateJson } from '../../http/problem.js'
import { clocksOf, isRollingDue } from '../../session/lifetime.js'
import { sessionData } from '../../session/application-data.js'
import type { SessionRecord } from '../../session/record.js'
import { reportRefusal } from '../audit/refusal.js'
import { errorLinks, loginUrl } from '../guard/session-authentication.js'
import { isOwnScript, noOwnScript, ownOriginOnly } from '../http/cross-site.js'
import { continueAfter, fail } from '../http/error-response.js'
import { forbidStoring, respondOrFail } from '../http/respond.js'
import type { OidcContext, RequestContext } from '../session/request-context.js'
import type { NodeResponse } from '../types.js'
import type { Route } from './named-routes.js'

/** Shows scripts of this site who is signed in and until when, as JSON. */
export const sessionRoute: Route = (oidc, request, call) => {
  forbidStoring(call.res)
  leaveCors(call.res)
  continueAfter(
    answer(oidc, request),
    call,
    (outcome) => respondOrFail(call, outcome),
    // Even for a browser window: this is not a page.
    (error) => fail(error, oidc.application.configuration, { ...call, ...errorLinks(request.base), isPage: false }),
  )
}

// Middleware that lets other sites read all responses must not do so for this one.
function leaveCors(res: NodeResponse): void {
  for (const name of res.getHeaderNames()) if (name.startsWith('access-control-')) res.removeHeader(name)
}

async function answer(oidc: OidcContext, request: RequestContext): Promise<Respond> {
  const { httpRequest, base } = request
  requireOwnScript(httpRequest, base.origin)
  if (oidc.binding.countsAsUse(httpRequest)) await prolong(oidc, request)
  const user = await userOf(request)
  const record = request.session.current()
  const { failure } = request.session
  if (failure !== undefined) throw failure.error
  const links = { login_url: loginUrl(base), logout_url: null }
  if (user === undefined || record === undefined)
    return privateJson(200, { isAuthenticated: false, user: null, session: null, ...links })
  const { logout } = base.paths
  return privateJson(200, {
    isAuthenticated: true,
    user,
    session: lifetimeOf(record, oidc),
    ...links,
    logout_url: logout === undefined ? null : base.origin + logout,
  })
}

// Before the response is written, which says how long the session lives.
async function prolong(oidc: OidcContext, request: RequestContext): Promise<void> {
  await oidc.revalidation.start(request)
  const { session } = request
  const record = session.current()
  if (record === undefined || !isRollingDue(record, oidc.binding.limits, nowSeconds(oidc.application.runtime))) return
  try {
    await session.store(record)
  } catch (error) {
    // It may have ended meanwhile.
    if (session.current() !== undefined) throw error
  }
}

function lifetimeOf(record: SessionRecord, oidc: OidcContext): object {
  const now = nowSeconds(oidc.application.runtime)
  const { idleExpiresAt, absoluteExpiresAt } = clocksOf(record, oidc.binding.limits)
  return {
    expires_in: Math.max(0, idleExpiresAt - now),
    absolute_expires_in: Math.max(0, absoluteExpiresAt - now),
    ...(record.provider === undefined ? {} : { provider: record.provider.name }),
  }
}

function requireOwnScript(httpRequest: HttpRequest, origin: string): void {
  if (httpRequest.method !== 'GET') throw methodNotAllowed('the session route', ['GET'])
  const policy = ownOriginOnly(origin)
  if (isOwnScript(httpRequest, policy)) return
  const error = noOwnScript(httpRequest, policy)
  reportRefusal(error, undefined)
  throw error
}

const defaultClaims: readonly string[] = ['sub', 'name']

async function userOf(request: RequestContext): Promise<Readonly<JsonObject> | undefined> {
  const person = request.identity()?.person
  if (person === undefined) return undefined
  const { sessionRoute: settings, httpTimeoutSeconds } = request.application.configuration
  const claims = settings?.claims ?? defaultClaims
  if (typeof claims !== 'function') {
    const known = claims.filter((name) => Object.hasOwn(person, name))
    return Object.fromEntries(known.map((name) => [name, person[name]]))
  }
  const make = () => claims(person, { req: request.httpRequest.source })
  const user = sessionData(
    'sessionRoute.claims() must return',
    await returnedInTime('sessionRoute.claims', make, httpTimeoutSeconds),
  )
  refuseTokens(user, request.session.current())
  return user
}

// A token that a page can read is stolen by any script that gets into the page.
function refuseTokens(user: Readonly<JsonObject>, record: SessionRecord | undefined): void {
  if (record === undefined) return
  const { idToken, tokens } = record
  const { accessToken, refreshToken, additionalTokens = [] } = tokens
  const all = [idToken, accessToken, refreshToken, ...additionalTokens.map((each) => each.accessToken)]
  const text = JSON.stringify(user)
  if (!all.some((token) => token !== undefined && token.length >= minTokenLength && text.includes(escape(token))))
    return
  const message = 'sessionRoute.claims() returned a token of the session: no script in a browser may see one'
  throw new ConfigurationError('invalid_options', message)
}

// Shorter ones could be guessed, and no provider issues them (RFC 6749 section 10.10).
const minTokenLength = 16

function escape(token: string): string {
  return JSON.stringify(token).slice(1, -1)
}
