import type { SmallCookie } from '../../http/cookies.js'
import type { HttpRequest } from '../../http/request.js'
import { isNavigation, isPrefetch } from '../../http/fetch-metadata.js'
import { type Redirect, redirect } from '../../http/outcome.js'
import { standardRedirectParameter } from '../../options/oidc/logout.js'
import { safeReturnTo } from '../../http/return-to.js'
import type { SealPayload } from '../../seal/seal.js'
import { equalSecrets } from '../../base/constant-time.js'
import type { ApplicationWith } from '../relying-party.js'
import { type BaseUrl, isOf, keyIn, publicPath } from '../base-url.js'
import { baseUrlOf } from '../base-urls.js'

/** The parts of an application that remember logouts that are at the provider. */
export type PendingLogoutParts = ApplicationWith<'baseUrls' | 'configuration' | 'logoutSeal' | 'runtime'>

/** A logout in progress at the provider. */
interface PendingLogout {
  /** The base URL where it began. */
  readonly base: BaseUrl
  /** What {@link logoutState} returned. */
  readonly state: string
  readonly returnTo: string | undefined
}

const formatVersion = 1

const statePrefix = 'logout.'
const logoutStates = /^logout\.[\w-]{43}$/

/** The `state` of a new logout: 32 random bytes behind a prefix, by which it is recognised after the logout too. */
export function logoutState({ runtime }: ApplicationWith<'runtime'>): string {
  return `${statePrefix}${runtime.randomBytes(32).toString('base64url')}`
}

/**
 * How long a logout may take at the provider, in seconds. After that, `returnTo` is forgotten, and the person gets the
 * post-logout page.
 */
export const logoutSeconds = 600

// With a session of several kilobytes and five logins in progress, a request's headers must stay under about 8 KB.
const maxSealedLength = 1024

/**
 * Stores in the browser that a logout is in progress, and the return target, which has been checked.
 */
export function rememberLogout(
  rp: PendingLogoutParts,
  cookie: SmallCookie,
  { base, state, returnTo }: PendingLogout,
): void {
  const exp = rp.runtime.now() / 1000 + logoutSeconds
  const sealWith = (target: string | undefined): string =>
    rp.logoutSeal.seal({
      v: formatVersion,
      exp,
      s: sendsState(rp) ? state : '',
      ...keyIn(base),
      ...(target === undefined ? {} : { r: target }),
    })
  // A target that is too long for a cookie loses its query, or is dropped.
  const targets = [returnTo, returnTo?.replace(/[?#].*$/s, ''), undefined]
  const sealed = targets.map(sealWith).find((value) => value.length <= maxSealedLength)
  if (sealed !== undefined) cookie.write(sealed)
}

/**
 * Handles the return from the provider's logout (OpenID Connect RP-Initiated Logout 1.0 section 3): redirects to the
 * return target, or to the post-logout page without the query. The `state` of another logout, or of one that is over, only
 * leads to the page without the query: the Back button asks the provider again, which sends the browser here once more. Any other
 * `state` has no meaning, and the request passes through as an ordinary page. A provider that sends no `state` back redirects to
 * the page itself: then the cookie decides alone.
 */
export function finishLogout(
  application: PendingLogoutParts,
  httpRequest: HttpRequest,
  cookie: SmallCookie,
): Redirect | undefined {
  const base = baseUrlOf(application.baseUrls, httpRequest)
  if (httpRequest.method !== 'GET' || publicPath(base, httpRequest.path) !== base.paths.postLogout) return undefined
  const pending = openPending(application, base, cookie)
  if (pending === undefined || !isReturn(httpRequest, pending.state))
    return isOverdueReturn(httpRequest) ? redirect(base.paths.postLogout) : undefined
  // A prefetch gets the redirect too, but does not use up the cookie.
  if (!isPrefetch(httpRequest)) cookie.remove()
  return redirect(safeReturnTo(pending.returnTo, base.returnTo) ?? base.paths.postLogout)
}

// If the provider sends no state back, nothing else is known of its logout.
function isReturn(httpRequest: HttpRequest, expected: string): boolean {
  if (expected === '') return isNavigation(httpRequest)
  const state = stateOf(httpRequest)
  return state !== '' && equalSecrets(state, expected)
}

function isOverdueReturn(httpRequest: HttpRequest): boolean {
  return logoutStates.test(stateOf(httpRequest)) && isNavigation(httpRequest)
}

/** The one `state` of the query; empty where there is none, or more than one. */
function stateOf(httpRequest: HttpRequest): string {
  const [state = '', ...others] = new URLSearchParams(httpRequest.query).getAll('state')
  return others.length === 0 ? state : ''
}

function sendsState({ configuration }: PendingLogoutParts): boolean {
  return configuration.logout.redirectParameter === standardRedirectParameter
}

function openPending(
  { logoutSeal }: PendingLogoutParts,
  base: BaseUrl,
  { value }: SmallCookie,
): { readonly state: string; readonly returnTo: unknown } | undefined {
  const opened = value === undefined ? undefined : logoutSeal.open(value)
  if (opened === undefined || opened.expired || !isOf(base, opened.payload)) return undefined
  const { v, s, r }: SealPayload = opened.payload
  return v === formatVersion && typeof s === 'string' ? { state: s, returnTo: r } : undefined
}
