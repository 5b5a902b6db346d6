import { AccessError, AuthorizationResponseError, ProviderError } from '../errors.js'
import type { SmallCookie } from '../http/cookies.js'
import type { Exchange } from '../http/exchange.js'
import { isCrossOriginInitiated, isDeclaredNonNavigation, isNavigation } from '../http/navigation.js'
import { type Redirect, redirect, type Respond } from '../http/outcome.js'
import { safeReturnTo } from '../http/return-to.js'
import type { EndSessionMessage } from '../provider/types.js'
import type { SessionRecord } from '../session/record.js'
import { confirmationPage } from './confirmation-page.js'
import { endSessionPage } from './end-session-page.js'
import { rememberLogout } from './logout-state.js'
import type { RelyingParty } from './party.js'
import { type Site, siteOf } from './site.js'
import { revokeTokens } from './token-revocation.js'

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

// Longer URLs are cut, or refused, by one proxy or another.
const longestUrl = 2048

/**
 * Judges a request to the logout route. Another site must not sign people out (CSRF), so a request counts only when the
 * browser says that it came from here; a navigation of unknown origin is asked to confirm by a button.
 *
 * @returns the page that asks, or `undefined` where the session is to end
 * @throws {AccessError} `cross_site_request`
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
  throw new AccessError('cross_site_request', 'sign out from a page of this site: the request came from elsewhere')
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
  cookie: SmallCookie,
  options: LogoutCallOptions = {},
): Promise<Redirect | Respond> {
  const { configuration } = party
  const site = siteOf(party.sites, exchange)
  const returnTo = safeReturnTo(options.returnTo, site.returnTo)
  const state = party.platform.randomBytes(32).toString('base64url')
  const [message] = await Promise.all([
    (options.local ?? !configuration.logout.atProvider)
      ? undefined
      : messageToProvider(party, site, session, { ...options, state }),
    session === undefined ? undefined : revokeTokens(party, session.tokens),
  ])
  if (message === undefined) return redirect(returnTo ?? site.postLogoutRedirectUri)
  rememberLogout(party, cookie, { state, returnTo })
  return message.url.length > longestUrl ? endSessionPage(message, site.origin) : redirect(message.url)
}

async function messageToProvider(
  { provider }: RelyingParty,
  { postLogoutRedirectUri }: Site,
  session: SessionRecord | undefined,
  { state, logoutHint, uiLocales }: LogoutCallOptions & { readonly state: string },
): Promise<EndSessionMessage | undefined> {
  try {
    return await provider.endSessionMessage({
      postLogoutRedirectUri,
      state,
      ...(session === undefined ? {} : { idTokenHint: session.idToken }),
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
