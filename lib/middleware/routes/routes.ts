import { AccessError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isPageLoad } from '../../http/fetch-metadata.js'
import { type Outcome, redirect } from '../../http/outcome.js'
import { type TraceNotes, type TraceStep, traced } from '../../base/diagnostics.js'
import { handleBackchannelLogout } from '../../relying-party/logout/backchannel-logout.js'
import { handleFrontchannelLogout } from '../../relying-party/logout/frontchannel-logout.js'
import { handleLogin, loginTarget } from '../../relying-party/login/login-route.js'
import { confirmLogout, wantedReturnTo } from '../../relying-party/logout/logout.js'
import { followOnwardUrl } from '../../relying-party/logout/logout-onward.js'
import { finishLogout } from '../../relying-party/logout/pending-logout.js'
import { isSilentFailure } from '../../relying-party/login/silent-login.js'
import { type BaseUrl, publicPath, baseUrlOf } from '../../relying-party/base-url.js'
import { callback } from './callback.js'
import { refuseLoops } from '../session/login-loop.js'
import { continueAfter, fail } from '../http/error-response.js'
import type { GuardCall } from '../guard/authentication.js'
import { isFittingMount, unfittingMount } from '../mount.js'
import type { OidcContext, RequestContext } from '../session/request-context.js'
import { respondOrFail } from '../http/respond.js'
import { signOut } from '../session/sign-out.js'
import { loginUrl } from '../guard/session-authentication.js'

/** Handles a request to one of the relying party's own paths. */
type Route = (oidc: OidcContext, request: RequestContext, call: GuardCall) => void

/** Where a login that starts at a request returns to. */
type TargetOf = (httpRequest: HttpRequest, base: BaseUrl) => string | undefined

type Handler = (oidc: OidcContext, request: RequestContext, call: GuardCall, notes?: TraceNotes) => Promise<Outcome>

/** The route of a path. Paths are compared exactly, without decoding or case folding. */
export function routeOf(oidc: OidcContext, request: RequestContext): Route | undefined {
  const { httpRequest } = request
  const base = baseUrlOf(oidc.rp.baseUrls, httpRequest)
  const { paths } = base
  const path = publicPath(base, httpRequest.path)
  if (path === paths.login) return route(login, loginTarget)
  if (path === paths.callback) return route(paths.logout === undefined ? callbackOrOnward : loginCallback)
  if (path === paths.logout) return route(withTracing('logout', logout))
  if (path === paths.frontchannelLogout) return route(withTracing('logout', frontchannelLogout))
  if (path !== paths.postLogout) return isMisplaced(oidc, request) ? route(async () => refuseMount(request)) : undefined
  // A page of the application, except after a logout at the provider.
  const back = finishLogout(oidc.rp, httpRequest, request.cookies().logout)
  return back === undefined ? undefined : route(() => Promise.resolve(back))
}

// Whether the request is for a route below a mount path that the base URL does not include.
function isMisplaced({ rp }: OidcContext, { mount, httpRequest, base }: RequestContext): boolean {
  if (isFittingMount(mount, base) || !httpRequest.path.startsWith(mount)) return false
  return Object.values(rp.configuration.routes).includes(httpRequest.path.slice(mount.length))
}

function refuseMount({ mount, base }: RequestContext): never {
  throw unfittingMount(mount, base)
}

/**
 * Handles a request of the provider itself, if it is one: no session is read, no cookie is set, and checks against browsers
 * do not apply.
 */
export function answerProvider({ rp }: OidcContext, httpRequest: HttpRequest, call: GuardCall): boolean {
  const base = baseUrlOf(rp.baseUrls, httpRequest)
  if (publicPath(base, httpRequest.path) !== base.paths.backchannelLogout) return false
  continueAfter(handleBackchannelLogout(rp, httpRequest), call, (outcome) => respondOrFail(call, outcome))
  return true
}

function withTracing(step: TraceStep, handler: Handler): Handler {
  return (oidc, request, call) => traced(step, oidc.rp.configuration, (notes) => handler(oidc, request, call, notes))
}

// Nobody asked for a silent login, so its failure is not shown: the browser goes back to its page.
function returnIfSilentLoginFails(handler: Handler): Handler {
  return async (oidc, request, call) => {
    try {
      return await handler(oidc, request, call)
    } catch (error) {
      const { login } = request
      if (login?.isSilent === true && isSilentFailure(error)) return redirect(login.returnTo)
      throw error
    }
  }
}

function route(handler: Handler, targetOf: TargetOf = () => undefined): Route {
  return (oidc, request, call) => {
    const { configuration, baseUrls } = oidc.rp
    const { httpRequest } = request
    continueAfter(
      handler(oidc, request, call),
      call,
      (outcome) => respondOrFail(call, outcome),
      (error) => {
        const base = baseUrlOf(baseUrls, httpRequest)
        const retryUrl = loginUrl(base, request.login?.returnTo ?? targetOf(httpRequest, base))
        const isPage = !(error instanceof AccessError) || isPageLoad(httpRequest)
        fail(error, configuration.onError, { ...call, retryUrl, members: { login_url: retryUrl }, isPage })
      },
    )
  }
}

const login: Handler = async ({ rp }, request) => {
  refuseLoops(request, undefined)
  return handleLogin(rp, request.httpRequest, request.transactions())
}

const loginCallback = returnIfSilentLoginFails(withTracing('callback', callback))

// Without a logout route, the callback has the one-time URLs of logout().
const callbackOrOnward: Handler = async (oidc, request, call) =>
  followOnwardUrl(oidc.rp, request.httpRequest, request.cookies().onward) ?? loginCallback(oidc, request, call)

const logout: Handler = async ({ rp }, request) => {
  const { httpRequest, session } = request
  const onward = followOnwardUrl(rp, httpRequest, request.cookies().onward)
  if (onward !== undefined) return onward
  return (
    confirmLogout(rp, httpRequest, session.current()) ?? signOut(request, { returnTo: wantedReturnTo(httpRequest) })
  )
}

const frontchannelLogout: Handler = async ({ rp }, { httpRequest, session }, { res }) => {
  const { outcome, endsSession } = await handleFrontchannelLogout(rp, httpRequest, session.current())
  if (endsSession) await session.clear()
  // The application, or helmet, may have set it for all responses. In old browsers it overrides frame-ancestors.
  if (!res.headersSent) res.removeHeader('X-Frame-Options')
  return outcome
}
