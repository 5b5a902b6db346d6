import type { MaybePromise } from '../../base/maybe-promise.js'
import type { HttpRequest } from '../../http/request.js'
import { isProviderName } from '../../options/oidc/providers/names.js'
import { providerRouteNames, traitsOf } from '../../options/oidc/routes/routes.js'
import { atProvider, type BaseUrl, pathsOf, publicPath } from '../../relying-party/base-url.js'
import {
  handleBackchannelLogout,
  providerUnavailable,
  unknownProvider,
} from '../../relying-party/logout/backchannel-logout.js'
import { errorLinks } from '../guard/session-authentication.js'
import type { GuardCall } from '../guard/authentication.js'
import { continueAfter, fail } from '../http/error-response.js'
import { forbidStoring, respondOrFail } from '../http/respond.js'
import type { WebRelyingParty } from '../providers/relying-parties.js'
import type { OidcContext, RequestContext } from '../session/request-context.js'

/** Handles a request to one of our own paths. */
export type Route = (oidc: OidcContext, request: RequestContext, call: GuardCall) => void

/** The route at a relying party, by its paths. */
export type RouteAt = (rp: WebRelyingParty, paths: BaseUrl['paths']) => Route | undefined

const browserRouteNames = providerRouteNames.filter((name) => traitsOf(name).isFromProvider !== true)

/**
 * The name that a path ends with below one of some paths, which may be below each other: one segment, as it is. `undefined` if it
 * cannot be a name.
 */
function nameBelow(paths: readonly string[], path: string): string | undefined {
  const end = path.lastIndexOf('/')
  const name = path.slice(end + 1)
  return paths.includes(path.slice(0, end)) && isProviderName(name) ? name : undefined
}

/**
 * The route of a path that names a provider. If the name is unknown, the path belongs to the application.
 *
 * @param path - as browsers see it
 * @param routeAt - finds the route once the relying party is known
 */
export function namedRoute(request: RequestContext, path: string, routeAt: RouteAt): Route | undefined {
  const { base } = request
  const name = nameBelow(pathsOf(base.paths, browserRouteNames), path)
  if (name === undefined) return undefined
  const { paths } = atProvider(base, name)
  const found = request.find(name)
  if (!(found instanceof Promise)) return found === undefined ? undefined : routeAt(found, paths)
  // If something else has responded meanwhile, nobody waits for it.
  found.catch(() => undefined)
  return routeAfter(found, name, (rp) => routeAt(rp, paths))
}

function routeAfter(
  found: Promise<WebRelyingParty | undefined>,
  name: string,
  routeOf: (rp: WebRelyingParty) => Route | undefined,
): Route {
  return (oidc, request, call) => {
    continueAfter(
      found,
      call,
      (rp) => {
        const route = rp === undefined ? undefined : routeOf(rp)
        if (route === undefined) call.next()
        else route(oidc, request, call)
      },
      (error) => {
        forbidStoring(call.res)
        const links = errorLinks(atProvider(request.base, name))
        fail(error, oidc.application.configuration, { ...call, ...links })
      },
    )
  }
}

/** Handles a logout that one of several providers sends, if it is one. */
export function answerNamedProvider(
  { relyingParties }: Pick<OidcContext, 'relyingParties'>,
  base: BaseUrl,
  httpRequest: HttpRequest,
  call: GuardCall,
): boolean {
  const path = publicPath(base, httpRequest.path)
  const { backchannelLogout: own, ...others } = base.paths
  if (own === undefined || !isBelow(path, own)) return false
  if (Object.values(others).some((other) => isBelow(other, own) && (path === other || isBelow(path, other))))
    return false
  const name = nameBelow([own], path)
  const found = name === undefined ? undefined : relyingParties.find(name, call.req)
  continueAfter(answerLogout(found, httpRequest), call, (outcome) => respondOrFail(call, outcome))
  return true
}

function isBelow(path: string | undefined, parent: string | undefined): boolean {
  return path !== undefined && parent !== undefined && path.startsWith(`${parent}/`)
}

async function answerLogout(found: MaybePromise<WebRelyingParty | undefined>, httpRequest: HttpRequest) {
  try {
    const rp = await found
    return rp === undefined ? unknownProvider() : await handleBackchannelLogout(rp, httpRequest)
  } catch {
    return providerUnavailable()
  }
}
