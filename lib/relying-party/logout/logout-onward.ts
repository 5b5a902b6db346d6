import { hash } from 'node:crypto'
import { prefixedName, type SmallCookie } from '../../http/cookies.js'
import type { HttpRequest } from '../../http/request.js'
import type { PageSettings } from '../../options/pages.js'
import { isDeclaredNonNavigation, isFormPost, isScript } from '../../http/fetch-metadata.js'
import { redirect, type Redirect, type Respond } from '../../http/outcome.js'
import { privateJson } from '../../http/problem.js'
import { equalSecrets } from '../../base/constant-time.js'
import { sendTo, onwardPage } from '../onward.js'
import type { ApplicationWith } from '../relying-party.js'
import { type BaseUrl, isOf, keyIn } from '../base-url.js'
import { baseUrlOf } from '../base-urls.js'

/** The parts of an application that lead a logout on to the provider. */
export type OnwardParts = ApplicationWith<'baseUrls' | 'configuration' | 'logoutSeal' | 'runtime'>

/** How long the one-time URL for the redirect to the provider is valid, in seconds. */
export const onwardSeconds = 60

const parameter = 'continue'
const formatVersion = 1

/** The cookies that a logout leaves in the browser. */
export interface LogoutCookies {
  /** State and return target for the return from the provider. */
  readonly logout: SmallCookie
  /** The provider's logout URL, behind the one-time URL. */
  readonly onward: SmallCookie
}

/** Finishes a local logout: a script gets a URL for its window, a window is redirected. */
export function finishHere(
  pages: PageSettings,
  httpRequest: HttpRequest,
  base: BaseUrl,
  location: string,
): Redirect | Respond {
  return isScript(httpRequest) ? logoutUrl(base, location) : sendTo(pages, httpRequest, base, location)
}

/**
 * Redirects to the provider's logout, whose URL contains the ID Token. That URL must not be in a page or in JSON, where
 * other scripts and extensions could read it. So forms and scripts get a URL of ours, which works once, in this browser
 * only, and redirects.
 */
export function sendOnToProvider(
  rp: OnwardParts,
  httpRequest: HttpRequest,
  cookie: SmallCookie,
  providerUrl: string,
): Redirect | Respond {
  if (!isFormPost(httpRequest) && !isScript(httpRequest)) return redirect(providerUrl)
  const key = onwardKey(rp, httpRequest)
  const exp = rp.runtime.now() / 1000 + onwardSeconds
  cookie.write(
    rp.logoutSeal.seal({
      v: formatVersion,
      exp,
      k: key,
      u: providerUrl,
      ...keyIn(baseUrlOf(rp.baseUrls, httpRequest)),
    }),
  )
  return respondWithOnwardUrl(rp, httpRequest, key)
}

/**
 * Handles a second logout before the first has reached the provider, such as a second click. It reuses the first one's
 * URL, which has the session's ID Token. A new one would invalidate it, and the window may already be using it.
 */
export function repeatOnwardUrl(
  rp: OnwardParts,
  httpRequest: HttpRequest,
  cookie: SmallCookie,
): Redirect | Respond | undefined {
  const onward = readOnwardCookie(rp, httpRequest, cookie)
  if (onward === undefined) return undefined
  return isFormPost(httpRequest) || isScript(httpRequest)
    ? respondWithOnwardUrl(rp, httpRequest, onward.key)
    : redirect(onward.url)
}

// Two simultaneous clicks send the same session cookie, so both get the same URL, whichever response arrives last.
function onwardKey({ configuration, runtime, baseUrls }: OnwardParts, httpRequest: HttpRequest): string {
  const { cookieName, secure } = baseUrlOf(baseUrls, httpRequest)
  const sealed = httpRequest.cookies[prefixedName(cookieName, secure, configuration.session.cookie.domain)]
  return sealed === undefined
    ? runtime.randomBytes(32).toString('base64url')
    : hash('sha256', `way on ${sealed}`, 'base64url')
}

function respondWithOnwardUrl(rp: OnwardParts, httpRequest: HttpRequest, key: string): Respond {
  const base = baseUrlOf(rp.baseUrls, httpRequest)
  // The callback is the one route that is always there.
  const location = `${base.paths.logout ?? base.paths.callback}?${parameter}=${key}`
  return isFormPost(httpRequest)
    ? onwardPage(rp.configuration.pages.for(httpRequest.source), location)
    : logoutUrl(base, location)
}

/**
 * Redirects from the one-time URL of {@link sendOnToProvider} to the provider. A URL that is used, expired or from
 * another browser redirects to the post-logout page and ends nothing, since the person may have signed in again.
 */
export function followOnwardUrl(rp: OnwardParts, httpRequest: HttpRequest, cookie: SmallCookie): Redirect | undefined {
  const keys = new URLSearchParams(httpRequest.query).getAll(parameter)
  if (httpRequest.method !== 'GET' || keys.length === 0 || isDeclaredNonNavigation(httpRequest)) return undefined
  const onward = readOnwardCookie(rp, httpRequest, cookie)
  const isKnown = onward !== undefined && keys.length === 1 && equalSecrets(keys[0] ?? '', onward.key)
  if (!isKnown) return redirect(baseUrlOf(rp.baseUrls, httpRequest).paths.postLogout)
  cookie.remove()
  return redirect(onward.url)
}

function readOnwardCookie(
  { baseUrls, logoutSeal }: OnwardParts,
  httpRequest: HttpRequest,
  { value }: SmallCookie,
): { readonly key: string; readonly url: string } | undefined {
  const opened = value === undefined ? undefined : logoutSeal.open(value)
  if (opened === undefined || opened.expired || !isOf(baseUrlOf(baseUrls, httpRequest), opened.payload))
    return undefined
  const { v, k: key, u: url } = opened.payload
  return v === formatVersion && typeof key === 'string' && typeof url === 'string' ? { key, url } : undefined
}

function logoutUrl(base: BaseUrl, location: string): Respond {
  return privateJson(200, { logout_url: new URL(location, base.origin).href })
}
