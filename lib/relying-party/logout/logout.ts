import { AccessError, AuthorizationResponseError, ProviderError } from '../../errors.js'
import type { Exchange } from '../../http/request.js'
import { isCrossOriginInitiated, isDeclaredNonNavigation, isNavigation, isPrefetch } from '../../http/fetch-metadata.js'
import type { Redirect, Respond } from '../../http/outcome.js'
import { safeReturnTo } from '../../http/return-to.js'
import type { SessionRecord } from '../../session/record.js'
import { confirmationPage } from '../pages.js'
import { logoutHintsOf } from './logout-hints.js'
import { finishHere, repeatWayOn, sendOnToProvider, type LogoutCookies } from './logout-onward.js'
import { rememberLogout } from './pending-logout.js'
import type { RelyingParty } from '../relying-party.js'
import { type Site, siteOf } from '../base-url.js'
import { revokeTokens } from '../tokens/revocation.js'

/** What a logout does beyond the configuration. */
export interface LogoutCallOptions {
  /** Keep the session at the provider. @default the configuration's `logout.atProvider`, inverted */
  local?: boolean | undefined
  /** Where to go in the end, by the rules of a login's `returnTo`. @default the configuration's `logout.returnTo` */
  returnTo?: string | undefined
  /** Tells the provider who is signing out, in its own terms, beside the ID Token (`logout_hint`). */
  logoutHint?: string | undefined
  /** Languages of the provider's pages, the preferred one first, such as `['de', 'en']` (`ui_locales`). */
  uiLocales?: readonly string[] | undefined
}

/**
 * Judges a request to the logout route. Another site must not sign people out (CSRF), so a request counts only when the
 * browser says that it came from here; a navigation of unknown origin is asked to confirm by a button.
 *
 * @returns the page that asks, or `undefined` where the session is to end
 * @throws {AccessError} `cross_site_request`, or `not_allowed` for what is no navigation of a window
 */
export function confirmLogout(
  party: RelyingParty,
  exchange: Exchange,
  session: SessionRecord | undefined,
): Respond | undefined {
  const site = siteOf(party.sites, exchange)
  if (exchange.method === 'POST' ? isOwnPost(exchange, site, session) : isOwnNavigation(exchange)) return undefined
  if (exchange.method !== 'GET' && exchange.method !== 'POST') {
    const details = { status: 405, headers: { Allow: 'GET, POST' } }
    throw new AuthorizationResponseError('method_not_allowed', 'the logout route takes GET and POST only', details)
  }
  if (exchange.method === 'GET' && isNavigation(exchange)) {
    const returnTo = safeReturnTo(wantedReturnTo(exchange), site.returnTo)
    const query = returnTo === undefined ? '' : `?${new URLSearchParams({ returnTo }).toString()}`
    return confirmationPage(site.paths.logout + query, site.home)
  }
  throw refusal(exchange)
}

function refusal(exchange: Exchange): AccessError {
  if (isPrefetch(exchange)) return new AccessError('not_allowed', 'a logout must not be fetched ahead of need')
  const isOwn = exchange.header('sec-fetch-site') !== undefined && !isCrossOriginInitiated(exchange)
  if (isOwn && exchange.method === 'GET') {
    const message =
      "a GET signs out browser windows only: go there, or fetch it by POST and go to the answer's logout_url"
    return new AccessError('not_allowed', message)
  }
  const message = 'sign out from a page of this site: the request came from elsewhere, or does not say where from'
  return new AccessError('cross_site_request', message)
}

/** Where a request to the login or logout route wants to end, which is not checked yet. */
export function wantedReturnTo(exchange: Exchange): string | undefined {
  const targets = new URLSearchParams(exchange.query).getAll('returnTo')
  return targets.length === 1 ? targets[0] : undefined
}

/**
 * What the browser does once the session here has ended: it goes to the provider's end-session endpoint, and from there
 * back to the registered page; or at once to where people land (OpenID Connect RP-Initiated Logout 1.0 section 2).
 */
export async function endSession(
  party: RelyingParty,
  exchange: Exchange,
  session: SessionRecord | undefined,
  cookies: LogoutCookies,
  options: LogoutCallOptions = {},
): Promise<Redirect | Respond> {
  const { configuration } = party
  const site = siteOf(party.sites, exchange)
  const isLocal = options.local ?? !configuration.logout.atProvider
  const repeated = isLocal || session !== undefined ? undefined : repeatWayOn(party, exchange, cookies.onward)
  if (repeated !== undefined) return repeated
  const returnTo = safeReturnTo(options.returnTo, site.returnTo)
  const state = party.platform.randomBytes(32).toString('base64url')
  const [providerUrl] = await Promise.all([
    isLocal ? undefined : urlOfProvider(party, site, session, { ...options, state }),
    session === undefined ? undefined : revokeTokens(party, session.tokens),
  ])
  if (providerUrl === undefined) return finishHere(exchange, site, returnTo ?? site.postLogoutRedirectUri)
  rememberLogout(party, cookies.logout, { state, returnTo })
  return sendOnToProvider(party, exchange, cookies.onward, providerUrl)
}

async function urlOfProvider(
  { provider }: RelyingParty,
  { postLogoutRedirectUri }: Site,
  session: SessionRecord | undefined,
  { state, logoutHint, uiLocales }: LogoutCallOptions & { readonly state: string },
): Promise<string | undefined> {
  try {
    return await provider.endSessionUrl({
      postLogoutRedirectUri,
      state,
      ...logoutHintsOf(session),
      ...(logoutHint === undefined ? {} : { logoutHint }),
      ...(uiLocales === undefined ? {} : { uiLocales: uiLocales.join(' ') }),
    })
  } catch (error) {
    // The session here has ended; that the provider is away must not stand in the way.
    if (error instanceof ProviderError) return undefined
    throw error
  }
}

function isOwnNavigation(exchange: Exchange): boolean {
  return (
    exchange.method === 'GET' &&
    exchange.header('sec-fetch-site') !== undefined &&
    !isCrossOriginInitiated(exchange) &&
    !isDeclaredNonNavigation(exchange)
  )
}

// Browsers send Origin with every POST. Without any word of theirs a Lax cookie still proves that no other site posted.
function isOwnPost(exchange: Exchange, site: Site, session: SessionRecord | undefined): boolean {
  const origin = exchange.header('origin')
  if (exchange.header('sec-fetch-site') !== undefined) return !isCrossOriginInitiated(exchange)
  return origin === undefined ? session !== undefined : origin === site.origin
}
