import { AccessError, AuthorizationResponseError, ProviderError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import { isCrossOriginInitiated, isDeclaredNonNavigation, isNavigation } from '../http/navigation.js'
import { type Outcome, redirect, type Redirect } from '../http/outcome.js'
import type { SessionRecord } from '../session/record.js'
import { confirmationPage } from './confirmation-page.js'
import type { RelyingParty } from './party.js'
import { type Site, siteOf } from './site.js'

/** What a logout does beyond the configuration. */
export interface LogoutCallOptions {
  /** Keep the session at the provider. @default the configuration's `logout.atProvider`, inverted */
  local?: boolean | undefined
}

/** How a request to the logout route ends, and whether the session does. */
export interface LogoutDecision {
  readonly outcome: Outcome
  readonly endsSession: boolean
}

/**
 * Answers the logout route. Another site must not sign people out (CSRF), so a request counts only when the browser says
 * that it came from here; a navigation of unknown origin is asked to confirm by a button.
 *
 * @throws {AccessError} `cross_site_request`
 */
export async function handleLogout(
  party: RelyingParty,
  exchange: Exchange,
  session: SessionRecord | undefined,
): Promise<LogoutDecision> {
  const site = siteOf(party.sites, exchange)
  if (exchange.method === 'POST' ? isOwnPost(exchange, site, session) : isOwnNavigation(exchange)) {
    return { outcome: await endSession(party, exchange, session), endsSession: true }
  }
  if (exchange.method !== 'GET' && exchange.method !== 'POST') {
    const details = { status: 405, headers: { Allow: 'GET, POST' } }
    throw new AuthorizationResponseError('method_not_allowed', 'the logout route takes GET and POST only', details)
  }
  if (exchange.method === 'GET' && isNavigation(exchange)) {
    return { outcome: confirmationPage(site.paths.logout, site.home), endsSession: false }
  }
  throw new AccessError('cross_site_request', 'sign out from a page of this site: the request came from elsewhere')
}

/** Where the browser goes once the session here has ended: to the provider's end-session endpoint, or home (RP-Initiated Logout 1.0 section 2). */
export async function endSession(
  party: RelyingParty,
  exchange: Exchange,
  session: SessionRecord | undefined,
  options: LogoutCallOptions = {},
): Promise<Redirect> {
  const { postLogoutRedirectUri } = siteOf(party.sites, exchange)
  const local = options.local ?? !party.configuration.logout.atProvider
  if (local) return redirect(postLogoutRedirectUri)
  const idTokenHint = session === undefined ? {} : { idTokenHint: session.idToken }
  try {
    return redirect(
      (await party.provider.endSessionUrl({ ...idTokenHint, postLogoutRedirectUri })) ?? postLogoutRedirectUri,
    )
  } catch (error) {
    // The session here has ended; that the provider is away must not stand in the way.
    if (error instanceof ProviderError) return redirect(postLogoutRedirectUri)
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
