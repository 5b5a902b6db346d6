import { AccessError, AuthorizationResponseError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import { isDeclaredNonNavigation } from '../http/navigation.js'
import type { Outcome } from '../http/outcome.js'
import { removeCookie, setCookie } from '../http/cookies.js'
import { handleBackchannelLogout } from '../relying-party/backchannel-logout.js'
import { finishLogin } from '../relying-party/callback.js'
import { handleFrontchannelLogout } from '../relying-party/frontchannel-logout.js'
import { startLogin } from '../relying-party/login.js'
import { handleLogout } from '../relying-party/logout.js'
import { countLogin, loopWindowSeconds } from '../relying-party/loop-guard.js'
import { siteOf } from '../relying-party/site.js'
import { sessionData } from '../session/data.js'
import { fail } from './failure.js'
import type { GuardCall } from './guard-context.js'
import type { HandleContext } from './handle.js'
import type { RelyingPartyHost } from './relying-party-host.js'
import { respondOrFail } from './respond.js'
import { loginUrl } from './session-doorkeeper.js'
import type { NodeResponse } from './types.js'

/** Answers a request to one of the relying party's own paths. */
export type Route = (host: RelyingPartyHost, request: HandleContext, call: GuardCall) => void

type Handler = (host: RelyingPartyHost, request: HandleContext, call: GuardCall) => Promise<Outcome>

/** The route of a path, compared exactly: no decoding, no case folding. */
export function routeOf(host: RelyingPartyHost, exchange: Exchange): Route | undefined {
  const { paths } = siteOf(host.party.sites, exchange)
  if (exchange.path === paths.login) return route(login)
  if (exchange.path === paths.callback) return route(callback)
  if (exchange.path === paths.logout) return route(logout)
  return exchange.path === paths.frontchannelLogout ? route(frontchannelLogout) : undefined
}

/**
 * Answers a request of the provider itself, if it is one. No session is read for it, no cookie is set, and nothing that
 * guards browsers stands in its way.
 */
export function answerProvider({ party }: RelyingPartyHost, exchange: Exchange, call: GuardCall): boolean {
  if (exchange.path !== siteOf(party.sites, exchange).paths.backchannelLogout) return false
  handleBackchannelLogout(party, exchange).then((outcome) => respondOrFail(call, outcome), call.next)
  return true
}

function route(handler: Handler): Route {
  return (host, request, call) => {
    const { configuration, sites } = host.party
    const url = loginUrl(siteOf(sites, request.exchange))
    handler(host, request, call).then(
      (outcome) => (outcome.kind === 'continue' ? call.next() : respondOrFail(call, outcome)),
      (error: unknown) =>
        fail(error, configuration.onError, {
          ...call,
          retryUrl: url,
          members: { login_url: url },
          isPage: !(error instanceof AccessError),
        }),
    )
  }
}

const login: Handler = async ({ party }, { exchange, transactions }) => {
  if (exchange.method !== 'GET') {
    const details = { status: 405, headers: { Allow: 'GET' } }
    throw new AuthorizationResponseError('method_not_allowed', 'the login route takes GET only', details)
  }
  if (isDeclaredNonNavigation(exchange)) {
    throw new AccessError('login_needed', 'a login is for browser windows: go to login_url, do not fetch it')
  }
  const targets = new URLSearchParams(exchange.query).getAll('returnTo')
  return startLogin(party, exchange, transactions(), { returnTo: targets.length === 1 ? targets[0] : undefined })
}

const callback: Handler = async (host, request, { req, res }) => {
  const { onLogin } = host.party.configuration
  const current = request.session.current()
  const { outcome, session } = await finishLogin(host.party, request.exchange, {
    cookies: request.transactions(),
    current,
    start: async (completed) => {
      const result: unknown = (await onLogin?.(completed, req)) ?? true
      return typeof result === 'boolean' ? result : sessionData('onLogin()', result)
    },
  })
  if (session !== undefined) {
    await request.session.store(session)
    if (current === undefined) countThisLogin(host, request, res)
  }
  return outcome
}

const logout: Handler = async (host, request, { res }) => {
  const { outcome, endsSession } = await handleLogout(host.party, request.exchange, request.session.current())
  if (endsSession) {
    await request.session.clear()
    res.setHeader('Clear-Site-Data', '"cache"')
    if (request.exchange.cookies[host.loopCookie] !== undefined) {
      res.appendHeader('Set-Cookie', removeCookie(host.loopCookie, loopAttributes(host)))
    }
  }
  return outcome
}

const frontchannelLogout: Handler = async ({ party }, { exchange, session }, { res }) => {
  const { outcome, endsSession } = await handleFrontchannelLogout(party, exchange, session.current())
  if (endsSession) await session.clear()
  // Set for the whole application, as helmet does, it would win over frame-ancestors in old browsers.
  res.removeHeader('X-Frame-Options')
  return outcome
}

function countThisLogin(host: RelyingPartyHost, { exchange }: HandleContext, res: NodeResponse): void {
  const counter = countLogin(exchange.cookies[host.loopCookie], Math.floor(host.party.platform.now() / 1000))
  res.appendHeader('Set-Cookie', setCookie(host.loopCookie, counter, loopAttributes(host), loopWindowSeconds))
}

function loopAttributes(host: RelyingPartyHost): { readonly secure: boolean; readonly sameSite: 'lax' } {
  return { secure: host.party.sites[0].secure, sameSite: 'lax' }
}
