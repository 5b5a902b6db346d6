import { hash } from 'node:crypto'
import { prefixedName, type SmallCookie } from '../../http/cookies.js'
import type { Exchange } from '../../http/request.js'
import { isDeclaredNonNavigation, isFormPost, isScript } from '../../http/fetch-metadata.js'
import { redirect, type Redirect, type Respond } from '../../http/outcome.js'
import { privateHeaders } from '../../http/problem.js'
import { equalSecrets } from '../../base/constant-time.js'
import { sendTo, onwardPage } from '../onward.js'
import type { RelyingParty } from '../relying-party.js'
import { type Site, siteOf } from '../base-url.js'

/** How long the way on to the provider is open, in seconds. */
export const onwardSeconds = 60

const parameter = 'continue'

/** The cookies that a logout leaves in the browser. */
export interface LogoutCookies {
  /** What waits for the person who comes back from the provider. */
  readonly logout: SmallCookie
  /** The way on to the provider. */
  readonly onward: SmallCookie
}

/** Ends a logout at this site: a script is told where to send its window, and a window goes there. */
export function finishHere(exchange: Exchange, site: Site, location: string): Redirect | Respond {
  return isScript(exchange) ? logoutUrl(site, location) : sendTo(exchange, site, location)
}

/**
 * Goes on to the provider's logout, whose URL holds the ID Token. It must not stand in a page or in JSON, where other scripts
 * and extensions read it: a form and a script get a URL of ours that works once, in this browser, and redirects.
 */
export function sendOnToProvider(
  party: RelyingParty,
  exchange: Exchange,
  cookie: SmallCookie,
  providerUrl: string,
): Redirect | Respond {
  if (!isFormPost(exchange) && !isScript(exchange)) return redirect(providerUrl)
  const key = keyOfWay(party, exchange)
  const exp = party.platform.now() / 1000 + onwardSeconds
  cookie.write(party.logoutSeal.seal({ exp, k: key, u: providerUrl }))
  return tellWayOn(party, exchange, key)
}

/**
 * Answers a second logout of a browser whose first one has not gone on yet, such as a second click: by the first one's way,
 * which knows the session. A new way would close that, and the window may be on it already.
 */
export function repeatWayOn(
  party: RelyingParty,
  exchange: Exchange,
  cookie: SmallCookie,
): Redirect | Respond | undefined {
  const way = openWay(party, cookie)
  if (way === undefined) return undefined
  return isFormPost(exchange) || isScript(exchange) ? tellWayOn(party, exchange, way.key) : redirect(way.url)
}

// Two clicks at once bring the same session cookie: both are told the same URL, whichever answer comes last.
function keyOfWay({ configuration, platform, sites }: RelyingParty, exchange: Exchange): string {
  const { cookieName, secure } = siteOf(sites, exchange)
  const sealed = exchange.cookies[prefixedName(cookieName, secure, configuration.session.cookie.domain)]
  return sealed === undefined
    ? platform.randomBytes(32).toString('base64url')
    : hash('sha256', `way on ${sealed}`, 'base64url')
}

function tellWayOn(party: RelyingParty, exchange: Exchange, key: string): Respond {
  const site = siteOf(party.sites, exchange)
  const location = `${site.paths.logout}?${parameter}=${key}`
  return isFormPost(exchange) ? onwardPage(location) : logoutUrl(site, location)
}

/**
 * Takes the way on that {@link sendOnToProvider} has opened. One that is spent, too old, or somebody else's leads home, and
 * ends nothing: the person may have signed in again.
 */
export function takeWayOn(party: RelyingParty, exchange: Exchange, cookie: SmallCookie): Redirect | undefined {
  const keys = new URLSearchParams(exchange.query).getAll(parameter)
  if (exchange.method !== 'GET' || keys.length === 0 || isDeclaredNonNavigation(exchange)) return undefined
  const way = openWay(party, cookie)
  const isKnown = way !== undefined && keys.length === 1 && equalSecrets(keys[0] ?? '', way.key)
  if (!isKnown) return redirect(siteOf(party.sites, exchange).paths.postLogout)
  cookie.remove()
  return redirect(way.url)
}

function openWay(
  { logoutSeal }: RelyingParty,
  { value }: SmallCookie,
): { readonly key: string; readonly url: string } | undefined {
  const opened = value === undefined ? undefined : logoutSeal.open(value)
  if (opened === undefined || opened.expired) return undefined
  const { k: key, u: url } = opened.payload
  return typeof key === 'string' && typeof url === 'string' ? { key, url } : undefined
}

function logoutUrl(site: Site, location: string): Respond {
  const headers = { ...privateHeaders, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ logout_url: new URL(location, site.origin).href })
  return { kind: 'respond', status: 200, headers, body }
}
