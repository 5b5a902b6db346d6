import { audit } from '../../base/audit/audit.js'
import { AccessError, ProviderError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isCrossOriginInitiated, isDeclaredNonNavigation, isNavigation, isPrefetch } from '../../http/fetch-metadata.js'
import type { Redirect, Respond } from '../../http/outcome.js'
import { methodNotAllowed } from '../../http/problem.js'
import { safeReturnTo } from '../../http/return-to.js'
import { auditedSession } from '../../session/audited-session.js'
import type { SessionRecord } from '../../session/record.js'
import { confirmationPage } from '../pages.js'
import { logoutHintsOf } from './logout-hints.js'
import { finishHere, repeatOnwardUrl, sendOnToProvider, type LogoutCookies, type OnwardParts } from './logout-onward.js'
import { logoutState, rememberLogout, type PendingLogoutParts } from './pending-logout.js'
import type { ApplicationWith, RelyingPartyWith } from '../relying-party.js'
import type { BaseUrl } from '../base-url.js'
import { baseUrlOf } from '../base-urls.js'
import { revokeTokens, type RevocationParts } from '../tokens/revocation.js'
import { omitUndefined } from '../../base/json.js'

/** The parts of a relying party that a logout uses. */
export type LogoutParts = PendingLogoutParts & OnwardParts & RevocationParts & RelyingPartyWith<never, 'endSessionUrl'>

/** Options of `req.oidc.logout()`. */
export interface LogoutCallOptions {
  /** Ends the session here only, not at the provider. @default the opposite of the option `logout.atProvider` */
  local?: boolean | undefined
  /** Where to go after the logout: a path, or a URL of an allowed origin. @default the option `logout.returnTo` */
  returnTo?: string | undefined
  /** Identifies the person to the provider, in addition to the ID Token (`logout_hint`). @default none */
  logoutHint?: string | undefined
  /** Languages for the provider's pages, the preferred one first, such as `['de', 'en']` (`ui_locales`). @default the provider decides */
  uiLocales?: readonly string[] | undefined
  /** Further parameters of this logout request at the provider, in addition to the option `logout.params`. @default none */
  params?: Readonly<Record<string, string>> | undefined
}

/**
 * Decides about a request to the logout route. Other sites must not sign people out (CSRF), so the request counts only
 * if the browser says that it came from this site. A navigation of unknown origin has to be confirmed with a button.
 *
 * @returns the confirmation page, or `undefined` if the session should end
 * @throws {AccessError} `cross_site_request`, or `not_allowed` if the request is not a navigation of a window
 * @throws {AuthorizationResponseError} `method_not_allowed`
 */
export function confirmLogout(
  application: ApplicationWith<'baseUrls' | 'configuration'>,
  httpRequest: HttpRequest,
  session: SessionRecord | undefined,
): Respond | undefined {
  const base = baseUrlOf(application.baseUrls, httpRequest)
  if (httpRequest.method === 'POST' ? isOwnPost(httpRequest, base, session) : isOwnNavigation(httpRequest))
    return undefined
  if (httpRequest.method !== 'GET' && httpRequest.method !== 'POST')
    throw methodNotAllowed('the logout route', ['GET', 'POST'])
  if (httpRequest.method === 'GET' && isNavigation(httpRequest)) {
    const returnTo = safeReturnTo(wantedReturnTo(httpRequest), base.returnTo)
    const query = returnTo === undefined ? '' : `?${new URLSearchParams({ returnTo }).toString()}`
    return confirmationPage(
      application.configuration.pages.for(httpRequest.source),
      `${base.paths.logout ?? ''}${query}`,
      base.home,
    )
  }
  throw refusal(httpRequest)
}

function refusal(httpRequest: HttpRequest): AccessError {
  if (isPrefetch(httpRequest)) return new AccessError('not_allowed', 'a logout must not be prefetched')
  const isOwn = httpRequest.header('sec-fetch-site') !== undefined && !isCrossOriginInitiated(httpRequest)
  if (isOwn && httpRequest.method === 'GET') {
    const message =
      "a GET signs out only in a browser window: open it there, or fetch it by POST and open the response's logout_url"
    return new AccessError('not_allowed', message)
  }
  const message =
    'sign out from a page of this site: the request came from another site, or does not say where it came from'
  return new AccessError('cross_site_request', message)
}

/** The `returnTo` of a request to the logout route, not checked yet. */
export function wantedReturnTo(httpRequest: HttpRequest): string | undefined {
  const targets = new URLSearchParams(httpRequest.query).getAll('returnTo')
  return targets.length === 1 ? targets[0] : undefined
}

/**
 * Responds after the local session has ended: redirects to the provider's end-session endpoint, which redirects back to
 * the registered page; or directly to the post-logout page (OpenID Connect RP-Initiated Logout 1.0 section 2).
 *
 * @param options - checked
 */
export async function endSession(
  rp: LogoutParts,
  httpRequest: HttpRequest,
  session: SessionRecord | undefined,
  cookies: LogoutCookies,
  options: LogoutCallOptions = {},
): Promise<Redirect | Respond> {
  const { configuration } = rp
  const base = baseUrlOf(rp.baseUrls, httpRequest)
  const isLocal = options.local ?? !configuration.logout.atProvider
  const repeated = isLocal || session !== undefined ? undefined : repeatOnwardUrl(rp, httpRequest, cookies.onward)
  if (repeated !== undefined) return repeated
  const returnTo = safeReturnTo(options.returnTo, base.returnTo)
  const state = logoutState(rp)
  const [providerUrl] = await Promise.all([
    isLocal ? undefined : urlOfProvider(rp, base, session, { ...options, state }),
    session === undefined ? undefined : revokeTokens(rp, session.tokens),
  ])
  const via = providerUrl === undefined ? 'local' : 'rp_initiated'
  if (session !== undefined) audit(() => ({ name: 'logout', via, of: configuration, ...auditedSession(session) }))
  if (providerUrl === undefined)
    return finishHere(rp.configuration.pages, httpRequest, base, returnTo ?? base.postLogoutRedirectUri)
  rememberLogout(rp, cookies.logout, { base, state, returnTo })
  return sendOnToProvider(rp, httpRequest, cookies.onward, providerUrl)
}

/**
 * Responds to a logout if no session says which of several providers it is for. If the first of two clicks has ended the session,
 * the second goes to the same provider.
 *
 * @param options - checked
 */
export function leaveWithoutSession(
  application: OnwardParts,
  httpRequest: HttpRequest,
  cookies: LogoutCookies,
  options: LogoutCallOptions = {},
): Redirect | Respond {
  const base = baseUrlOf(application.baseUrls, httpRequest)
  const repeated = options.local === true ? undefined : repeatOnwardUrl(application, httpRequest, cookies.onward)
  const returnTo = safeReturnTo(options.returnTo, base.returnTo)
  const { pages } = application.configuration
  return repeated ?? finishHere(pages, httpRequest, base, returnTo ?? base.postLogoutRedirectUri)
}

async function urlOfProvider(
  { provider, configuration }: RelyingPartyWith<'configuration', 'endSessionUrl'>,
  { postLogoutRedirectUri }: BaseUrl,
  session: SessionRecord | undefined,
  { state, logoutHint, uiLocales, params }: LogoutCallOptions & { readonly state: string },
): Promise<string | undefined> {
  try {
    return await provider.endSessionUrl({
      postLogoutRedirectUri,
      state,
      params: { ...configuration.logout.params, ...params },
      redirectParameter: configuration.logout.redirectParameter,
      ...logoutHintsOf(session),
      ...omitUndefined({ logoutHint, uiLocales: uiLocales?.join(' ') }),
    })
  } catch (error) {
    // The local session has ended, so an outage of the provider is not an error.
    if (error instanceof ProviderError) return undefined
    throw error
  }
}

function isOwnNavigation(httpRequest: HttpRequest): boolean {
  return (
    httpRequest.method === 'GET' &&
    httpRequest.header('sec-fetch-site') !== undefined &&
    !isCrossOriginInitiated(httpRequest) &&
    !isDeclaredNonNavigation(httpRequest)
  )
}

// Browsers send Origin with every POST. Without these headers, a Lax session cookie still proves that no other site
// sent the request.
function isOwnPost(httpRequest: HttpRequest, base: BaseUrl, session: SessionRecord | undefined): boolean {
  const origin = httpRequest.header('origin')
  if (httpRequest.header('sec-fetch-site') !== undefined) return !isCrossOriginInitiated(httpRequest)
  return origin === undefined ? session !== undefined : origin === base.origin
}
