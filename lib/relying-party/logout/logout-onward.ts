import { hash } from 'node:crypto'
import { prefixedName, type SmallCookie } from '../../http/cookies.js'
import type { HttpRequest } from '../../http/request.js'
import { isDeclaredNonNavigation, isFormPost, isScript } from '../../http/fetch-metadata.js'
import { redirect, type Redirect, type Respond } from '../../http/outcome.js'
import { privateHeaders } from '../../http/problem.js'
import { equalSecrets } from '../../base/constant-time.js'
import { sendTo, onwardPage } from '../onward.js'
import type { RelyingPartyWith } from '../relying-party.js'
import { type BaseUrl, baseUrlOf } from '../base-url.js'

/** The parts of a relying party that lead a logout on to the provider. */
export type OnwardParts = RelyingPartyWith<'baseUrls' | 'configuration' | 'logoutSeal' | 'runtime'>

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
export function finishHere(httpRequest: HttpRequest, base: BaseUrl, location: string): Redirect | Respond {
  return isScript(httpRequest) ? logoutUrl(base, location) : sendTo(httpRequest, base, location)
}

/**
 * Goes on to the provider's logout, whose URL holds the ID Token. It must not stand in a page or in JSON, where other scripts
 * and extensions read it: a form and a script get a URL of ours that works once, in this browser, and redirects.
 */
export function sendOnToProvider(
  rp: OnwardParts,
  httpRequest: HttpRequest,
  cookie: SmallCookie,
  providerUrl: string,
): Redirect | Respond {
  if (!isFormPost(httpRequest) && !isScript(httpRequest)) return redirect(providerUrl)
  const key = keyOfWay(rp, httpRequest)
  const exp = rp.runtime.now() / 1000 + onwardSeconds
  cookie.write(rp.logoutSeal.seal({ exp, k: key, u: providerUrl }))
  return tellWayOn(rp, httpRequest, key)
}

/**
 * Answers a second logout of a browser whose first one has not gone on yet, such as a second click: by the first one's way,
 * which knows the session. A new way would close that, and the window may be on it already.
 */
export function repeatWayOn(
  rp: OnwardParts,
  httpRequest: HttpRequest,
  cookie: SmallCookie,
): Redirect | Respond | undefined {
  const way = openWay(rp, cookie)
  if (way === undefined) return undefined
  return isFormPost(httpRequest) || isScript(httpRequest) ? tellWayOn(rp, httpRequest, way.key) : redirect(way.url)
}

// Two clicks at once bring the same session cookie: both are told the same URL, whichever answer comes last.
function keyOfWay({ configuration, runtime, baseUrls }: OnwardParts, httpRequest: HttpRequest): string {
  const { cookieName, secure } = baseUrlOf(baseUrls, httpRequest)
  const sealed = httpRequest.cookies[prefixedName(cookieName, secure, configuration.session.cookie.domain)]
  return sealed === undefined
    ? runtime.randomBytes(32).toString('base64url')
    : hash('sha256', `way on ${sealed}`, 'base64url')
}

function tellWayOn(rp: OnwardParts, httpRequest: HttpRequest, key: string): Respond {
  const base = baseUrlOf(rp.baseUrls, httpRequest)
  const location = `${base.paths.logout}?${parameter}=${key}`
  return isFormPost(httpRequest) ? onwardPage(location) : logoutUrl(base, location)
}

/**
 * Takes the way on that {@link sendOnToProvider} has opened. One that is spent, too old, or somebody else's leads home, and
 * ends nothing: the person may have signed in again.
 */
export function takeWayOn(rp: OnwardParts, httpRequest: HttpRequest, cookie: SmallCookie): Redirect | undefined {
  const keys = new URLSearchParams(httpRequest.query).getAll(parameter)
  if (httpRequest.method !== 'GET' || keys.length === 0 || isDeclaredNonNavigation(httpRequest)) return undefined
  const way = openWay(rp, cookie)
  const isKnown = way !== undefined && keys.length === 1 && equalSecrets(keys[0] ?? '', way.key)
  if (!isKnown) return redirect(baseUrlOf(rp.baseUrls, httpRequest).paths.postLogout)
  cookie.remove()
  return redirect(way.url)
}

function openWay(
  { logoutSeal }: OnwardParts,
  { value }: SmallCookie,
): { readonly key: string; readonly url: string } | undefined {
  const opened = value === undefined ? undefined : logoutSeal.open(value)
  if (opened === undefined || opened.expired) return undefined
  const { k: key, u: url } = opened.payload
  return typeof key === 'string' && typeof url === 'string' ? { key, url } : undefined
}

function logoutUrl(base: BaseUrl, location: string): Respond {
  const headers = { ...privateHeaders, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ logout_url: new URL(location, base.origin).href })
  return { kind: 'respond', status: 200, headers, body }
}
