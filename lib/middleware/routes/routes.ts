import { AccessError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isPageLoad } from '../../http/fetch-metadata.js'
import { type Outcome, redirect, type Respond } from '../../http/outcome.js'
import { type TraceNotes, traced } from '../../base/diagnostics.js'
import type { TraceRemark } from '../../base/tracing/event.js'
import { handleBackchannelLogout } from '../../relying-party/logout/backchannel-logout.js'
import { handleFrontchannelLogout } from '../../relying-party/logout/frontchannel-logout.js'
import { handleLogin, loginTarget } from '../../relying-party/login/login-route.js'
import { confirmLogout, wantedReturnTo } from '../../relying-party/logout/logout.js'
import { followOnwardUrl } from '../../relying-party/logout/logout-onward.js'
import { finishLogout } from '../../relying-party/logout/pending-logout.js'
import { isSilentFailure } from '../../relying-party/login/silent-login.js'
import { atProvider, type BaseUrl, publicPath } from '../../relying-party/base-url.js'
import { baseUrlOf } from '../../relying-party/base-urls.js'
import { auditForgedLogout, auditFrontchannelLogout } from '../audit/logout.js'
import { callback, type RouteCall } from './callback.js'
import { answerNamedProvider, namedRoute, type Route } from './named-routes.js'
import { prepareChoice, showChoice } from '../../relying-party/login/choice.js'
import { jwksResponse } from './jwks.js'
import { sessionRoute } from './session.js'
import type { WebRelyingParty } from '../providers/relying-parties.js'
import { refuseLoops } from '../session/login-loop.js'
import { continueAfter, fail } from '../http/error-response.js'
import type { GuardCall } from '../guard/authentication.js'
import { isFittingMount, unfittingMount } from '../mount.js'
import type { OidcContext, RequestContext } from '../session/request-context.js'
import { forbidStoring, respondOrFail } from '../http/respond.js'
import { signOut } from '../session/sign-out.js'
import { errorLinks } from '../guard/session-authentication.js'

/** Where a login that starts at a request returns to. */
type TargetOf = (httpRequest: HttpRequest, base: BaseUrl) => string | undefined

type Handler = (call: RouteCall) => Promise<Outcome>

/** The route of a path. Paths are compared exactly, without decoding or case folding. */
export function routeOf(oidc: OidcContext, request: RequestContext): Route | undefined {
  const { httpRequest, base } = request
  const { paths } = base
  const path = publicPath(base, httpRequest.path)
  const own = oidc.relyingParties.areNamed ? choiceAt(paths, path) : routeAt(oidc.relyingParties.only, paths, path)
  if (own !== undefined) return own
  if (path === paths.logout) return route(logout)
  if (path === paths.session) return sessionRoute
  // A page of the application, except after a logout at the provider.
  const back =
    path === paths.postLogout ? finishLogout(oidc.application, httpRequest, request.cookies().logout) : undefined
  if (back !== undefined) return route(() => Promise.resolve(back))
  const named = oidc.relyingParties.areNamed ? namedRoute(request, path, (rp, at) => routeAt(rp, at, path)) : undefined
  if (named !== undefined || path === paths.postLogout) return named
  return isMisplaced(oidc, request) ? route(async () => refuseMount(request)) : undefined
}

function choiceAt(paths: BaseUrl['paths'], path: string): Route | undefined {
  return path === paths.login ? route(chooseOrLogin, loginTarget) : undefined
}

/** The route of a path at one relying party, by that one's paths. */
function routeAt(rp: WebRelyingParty | undefined, paths: BaseUrl['paths'], path: string): Route | undefined {
  if (rp === undefined) return undefined
  if (path === paths.login) return routeTo(rp, login, loginTarget)
  if (path === paths.callback) return routeTo(rp, paths.logout === undefined ? callbackOrOnward : loginCallback)
  if (path === paths.frontchannelLogout) return routeTo(rp, frontchannelLogout)
  return undefined
}

// Whether the request is for a route below a mount path that the base URL does not include.
function isMisplaced({ application }: OidcContext, { mount, httpRequest, base }: RequestContext): boolean {
  if (isFittingMount(mount, base) || !httpRequest.path.startsWith(mount)) return false
  return Object.values(application.configuration.routes).includes(httpRequest.path.slice(mount.length))
}

function refuseMount({ mount, base }: RequestContext): never {
  throw unfittingMount(mount, base)
}

/**
 * Handles a request of the provider itself, if it is one: no session is read, no cookie is set, and checks against browsers
 * do not apply.
 */
export function answerProvider(
  { application, relyingParties, jwks }: OidcContext,
  httpRequest: HttpRequest,
  call: GuardCall,
): boolean {
  const base = baseUrlOf(application.baseUrls, httpRequest)
  if (jwks !== undefined && publicPath(base, httpRequest.path) === base.paths.jwks) {
    respondOrFail(call, jwksResponse(jwks, httpRequest.method))
    return true
  }
  if (relyingParties.areNamed) return answerNamedProvider({ relyingParties }, base, httpRequest, call)
  if (relyingParties.only === undefined || publicPath(base, httpRequest.path) !== base.paths.backchannelLogout)
    return false
  continueAfter(handleBackchannelLogout(relyingParties.only, httpRequest), call, (outcome) =>
    respondOrFail(call, outcome),
  )
  return true
}

// Nobody asked for a silent login, so its failure is not shown: the browser goes back to its page.
function returnIfSilentLoginFails(handler: Handler): Handler {
  return async (call) => {
    try {
      return await handler(call)
    } catch (error) {
      const { login } = call.request
      if (login?.isSilent === true && isSilentFailure(error)) return redirect(login.returnTo)
      throw error
    }
  }
}

function routeTo(rp: WebRelyingParty, handler: Handler, targetOf?: TargetOf): Route {
  return route((_oidc, request, call) => handler({ rp, request, call }), targetOf, rp.sessionProvider?.name)
}

type ApplicationHandler = (oidc: OidcContext, request: RequestContext, call: GuardCall) => Promise<Outcome | undefined>

function route(handler: ApplicationHandler, targetOf: TargetOf = () => undefined, provider?: string): Route {
  return (oidc, request, call) => {
    const { configuration } = oidc.application
    const { httpRequest, base } = request
    forbidStoring(call.res)
    continueAfter(
      handler(oidc, request, call),
      call,
      (outcome) => (outcome === undefined ? undefined : respondOrFail(call, outcome)),
      (error) => {
        const place = provider === undefined ? base : atProvider(base, provider)
        const links = errorLinks(place, request.login?.returnTo ?? targetOf(httpRequest, base))
        const isPage = !(error instanceof AccessError) || isPageLoad(httpRequest)
        fail(error, configuration, { ...call, ...links, members: { login_url: links.retryUrl }, isPage })
      },
    )
  }
}

const login: Handler = async ({ rp, request }) => {
  await refuseLoops(request, undefined)
  return handleLogin(rp, request.httpRequest, await request.transactions())
}

// With several providers, people choose. If there is only one, they go on to it.
const chooseOrLogin: ApplicationHandler = async ({ application, relyingParties, loginPage }, request, { req, res }) => {
  await refuseLoops(request, undefined)
  const { base, httpRequest } = request
  const choice = await prepareChoice(base, httpRequest, relyingParties.listed)
  if ('kind' in choice) return choice
  const [only, ...others] = choice.choices
  if (only !== undefined && others.length === 0) return redirect(only.url)
  if (loginPage === undefined) return showChoice(application.configuration.pages.for(req), choice)
  await loginPage(choice.choices, { req, res, returnTo: choice.returnTo })
  return undefined
}

const loginCallback = returnIfSilentLoginFails((call) =>
  traced('callback', call.rp.configuration, (notes) => callback(call, notes)),
)

// Without a logout route, the callback has the one-time URLs of logout().
const callbackOrOnward: Handler = async (call) =>
  followOnwardUrl(call.rp, call.request.httpRequest, call.request.cookies().onward) ?? loginCallback(call)

const logout: ApplicationHandler = ({ application }, request) =>
  traced('logout', (request.rp ?? application).configuration, async (notes) => {
    const { httpRequest } = request
    const onward = followOnwardUrl(application, httpRequest, request.cookies().onward)
    if (onward !== undefined) return withRemark(notes, 'logout_continued', onward)
    const page = confirmationPage(application, request)
    if (page !== undefined) return withRemark(notes, 'confirmation_shown', page)
    return signOut(request, { returnTo: wantedReturnTo(httpRequest) })
  })

function confirmationPage(application: OidcContext['application'], request: RequestContext): Respond | undefined {
  try {
    return confirmLogout(application, request.httpRequest, request.session.current())
  } catch (error) {
    auditForgedLogout(request, error)
    throw error
  }
}

function withRemark(notes: TraceNotes | undefined, remark: TraceRemark, outcome: Outcome): Outcome {
  if (notes !== undefined) notes.remarks = [remark]
  return outcome
}

const frontchannelLogout: Handler = ({ rp, request: { httpRequest, session }, call: { res } }) =>
  traced('logout', rp.configuration, async () => {
    const record = session.current()
    const { outcome, endsSession } = await handleFrontchannelLogout(rp, httpRequest, record)
    if (endsSession) await session.clear()
    if (endsSession && record !== undefined) auditFrontchannelLogout(rp, record)
    // The application, or helmet, may have set it for all responses. In old browsers it overrides frame-ancestors.
    if (!res.headersSent) res.removeHeader('X-Frame-Options')
    return outcome
  })
