import type { SmallCookie } from '../../http/cookies.js'
import type { HttpRequest } from '../../http/request.js'
import { isPrefetch } from '../../http/fetch-metadata.js'
import { type Redirect, redirect } from '../../http/outcome.js'
import { safeReturnTo } from '../../http/return-to.js'
import type { SealPayload } from '../../seal/seal.js'
import { equalSecrets } from '../../base/constant-time.js'
import type { RelyingPartyWith } from '../relying-party.js'
import { publicPath, baseUrlOf } from '../base-url.js'

/** The parts of a relying party that remember logouts that are at the provider. */
export type PendingLogoutParts = RelyingPartyWith<'baseUrls' | 'logoutSeal' | 'runtime'>

/** A logout on its way to the provider and back. */
export interface PendingLogout {
  /** 32 random bytes. */
  readonly state: string
  readonly returnTo: string | undefined
}

/** How long a logout may stay at the provider, in seconds: after that people land on the post-logout page itself. */
export const logoutSeconds = 600

// Beside a session of several kilobytes and five logins under way a request's head must still be under 8 KB or so.
const maxSealedLength = 1024

/**
 * Remembers in the browser that a logout is on its way, and where the person wants to go after it, which has been checked.
 */
export function rememberLogout(rp: PendingLogoutParts, cookie: SmallCookie, { state, returnTo }: PendingLogout): void {
  const exp = rp.runtime.now() / 1000 + logoutSeconds
  const sealWith = (target: string | undefined): string =>
    rp.logoutSeal.seal({ exp, s: state, ...(target === undefined ? {} : { r: target }) })
  // A target that is too long for a cookie goes without its query, or not at all.
  const targets = [returnTo, returnTo?.replace(/[?#].*$/s, ''), undefined]
  const sealed = targets.map(sealWith).find((value) => value.length <= maxSealedLength)
  if (sealed !== undefined) cookie.write(sealed)
}

/**
 * Takes back whoever comes from the provider after a logout (OpenID Connect RP-Initiated Logout 1.0 section 3): to where
 * they wanted to go, or to the post-logout page without the query. Without a `state` that this browser was sent away with,
 * nothing of the URL means anything, and the page is just a page.
 */
export function finishLogout(
  rp: PendingLogoutParts,
  httpRequest: HttpRequest,
  cookie: SmallCookie,
): Redirect | undefined {
  const base = baseUrlOf(rp.baseUrls, httpRequest)
  if (
    httpRequest.method !== 'GET' ||
    publicPath(base, httpRequest.path) !== base.paths.postLogout ||
    httpRequest.query === ''
  )
    return undefined
  const pending = openPending(rp, cookie)
  const states = new URLSearchParams(httpRequest.query).getAll('state')
  const [state = ''] = states
  if (pending === undefined || states.length !== 1 || !equalSecrets(state, pending.state)) return undefined
  // A prefetch follows the redirect but does not show it.
  if (!isPrefetch(httpRequest)) cookie.remove()
  return redirect(safeReturnTo(pending.returnTo, base.returnTo) ?? base.paths.postLogout)
}

function openPending(
  { logoutSeal }: PendingLogoutParts,
  { value }: SmallCookie,
): { readonly state: string; readonly returnTo: unknown } | undefined {
  const opened = value === undefined ? undefined : logoutSeal.open(value)
  if (opened === undefined || opened.expired) return undefined
  const { s, r }: SealPayload = opened.payload
  return typeof s === 'string' ? { state: s, returnTo: r } : undefined
}
