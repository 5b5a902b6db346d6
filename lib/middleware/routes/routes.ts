import { AccessError } from '../../errors.js'
import type { Exchange } from '../../http/request.js'
import { isPageLoad } from '../../http/fetch-metadata.js'
import { type Outcome, redirect } from '../../http/outcome.js'
import { type TraceNotes, type TraceStep, traced } from '../../base/diagnostics.js'
import { handleBackchannelLogout } from '../../relying-party/logout/backchannel-logout.js'
import { handleFrontchannelLogout } from '../../relying-party/logout/frontchannel-logout.js'
import { handleLogin, loginTarget } from '../../relying-party/login/login-route.js'
import { confirmLogout, wantedReturnTo } from '../../relying-party/logout/logout.js'
import { takeWayOn } from '../../relying-party/logout/logout-onward.js'
import { finishLogout } from '../../relying-party/logout/pending-logout.js'
import { isSilentFailure } from '../../relying-party/login/silent-login.js'
import { type Site, publicPath, siteOf } from '../../relying-party/base-url.js'
import { callback } from './callback.js'
import { refuseCircles } from '../session/login-loop.js'
import { fail, goOn } from '../http/error-response.js'
import type { GuardCall } from '../guard/authentication.js'
import { isFittingMount, unfittingMount } from '../mount.js'
import type { RelyingPartyHost, RequestContext } from '../session/request-context.js'
import { respondOrFail } from '../http/respond.js'
import { signOut } from '../session/sign-out.js'
import { loginUrl } from '../guard/session-authentication.js'

/** Answers a request to one of the relying party's own paths. */
export type Route = (host: RelyingPartyHost, request: RequestContext, call: GuardCall) => void

/** Where a login is to end that starts at a request. */
type TargetOf = (exchange: Exchange, site: Site) => string | undefined

type Handler = (
  host: RelyingPartyHost,
  request: RequestContext,
  call: GuardCall,
  notes?: TraceNotes,
) => Promise<Outcome>

/** The route of a path, compared exactly: no decoding, no case folding. */
export function routeOf(host: RelyingPartyHost, request: RequestContext): Route | undefined {
  const { exchange } = request
  const site = siteOf(host.party.sites, exchange)
  const { paths } = site
  const path = publicPath(site, exchange.path)
  if (path === paths.login) return route(login, loginTarget)
  if (path === paths.callback) return route(leavingSilently(seen('callback', callback)))
  if (path === paths.logout) return route(seen('logout', logout))
  if (path === paths.frontchannelLogout) return route(seen('logout', frontchannelLogout))
  if (path !== paths.postLogout) return isMisplaced(host, request) ? route(async () => refuseMount(request)) : undefined
  // A page of the application, but for those who come back from a logout.
  const back = finishLogout(host.party, exchange, request.cookies().logout)
  return back === undefined ? undefined : route(() => Promise.resolve(back))
}

// Asked for where it would be if the mount fitted to the base URL.
function isMisplaced({ party }: RelyingPartyHost, { mount, exchange, site }: RequestContext): boolean {
  if (isFittingMount(mount, site) || !exchange.path.startsWith(mount)) return false
  return Object.values(party.configuration.routes).includes(exchange.path.slice(mount.length))
}

function refuseMount({ mount, site }: RequestContext): never {
  throw unfittingMount(mount, site)
}

/**
 * Answers a request of the provider itself, if it is one. No session is read for it, no cookie is set, and nothing that
 * guards browsers stands in its way.
 */
export function answerProvider({ party }: RelyingPartyHost, exchange: Exchange, call: GuardCall): boolean {
  const site = siteOf(party.sites, exchange)
  if (publicPath(site, exchange.path) !== site.paths.backchannelLogout) return false
  goOn(handleBackchannelLogout(party, exchange), call, (outcome) => respondOrFail(call, outcome))
  return true
}

function seen(step: TraceStep, handler: Handler): Handler {
  return (host, request, call) => traced(step, host.party.configuration, (notes) => handler(host, request, call, notes))
}

// Where nobody has asked for a login, nobody is told how it ended.
function leavingSilently(handler: Handler): Handler {
  return async (host, request, call) => {
    try {
      return await handler(host, request, call)
    } catch (error) {
      const { login } = request
      if (login?.isSilent === true && isSilentFailure(error)) return redirect(login.returnTo)
      throw error
    }
  }
}

function route(handler: Handler, targetOf: TargetOf = () => undefined): Route {
  return (host, request, call) => {
    const { configuration, sites } = host.party
    const { exchange } = request
    goOn(
      handler(host, request, call),
      call,
      (outcome) => (outcome.kind === 'continue' ? call.next() : respondOrFail(call, outcome)),
      (error) => {
        const site = siteOf(sites, exchange)
        const retryUrl = loginUrl(site, request.login?.returnTo ?? targetOf(exchange, site))
        const isPage = !(error instanceof AccessError) || isPageLoad(exchange)
        fail(error, configuration.onError, { ...call, retryUrl, members: { login_url: retryUrl }, isPage })
      },
    )
  }
}

const login: Handler = async ({ party }, request) => {
  refuseCircles(request, undefined)
  return handleLogin(party, request.exchange, request.transactions())
}

const logout: Handler = async ({ party }, request) => {
  const { exchange, session } = request
  const wayOn = takeWayOn(party, exchange, request.cookies().onward)
  if (wayOn !== undefined) return wayOn
  return confirmLogout(party, exchange, session.current()) ?? signOut(request, { returnTo: wantedReturnTo(exchange) })
}

const frontchannelLogout: Handler = async ({ party }, { exchange, session }, { res }) => {
  const { outcome, endsSession } = await handleFrontchannelLogout(party, exchange, session.current())
  if (endsSession) await session.clear()
  // Set for the whole application, as helmet does, it would win over frame-ancestors in old browsers.
  if (!res.headersSent) res.removeHeader('X-Frame-Options')
  return outcome
}
