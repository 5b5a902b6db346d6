import { goTo, jsonIn, loginUrlIn, memberOf, withReturnTo, sendToOwnOrigin } from './requests.js'
import { SessionWatch } from './session-watch.js'
import type { OidcClient, OidcClientOptions } from './types.js'

/** One login per minute: if it did not help, the next would not either. */
const loginIntervalMilliseconds = 60_000

const storageKey = 'express-oidc login'

/**
 * Creates the client of a page: who is signed in, requests to the application, login and logout, and a promise for the end of
 * the session elsewhere. It holds no token: the browser sends the session cookie.
 *
 * The application needs `oidc({ routes: { session: '/session' } })`. Create one client per page, in the browser only.
 *
 * @example
 * ```ts
 * import { createOidcClient } from 'express-oidc/browser'
 *
 * const client = createOidcClient()
 * const { user } = await client.session()
 * if (user !== null) console.log(`Hello ${user.name}`)
 * const orders = await client.apiFetch('/api/orders')
 * client.sessionEnded.then(() => document.body.replaceChildren('You are signed out.'))
 * ```
 */
export function createOidcClient({ sessionUrl = '/session', on401 = 'login' }: OidcClientOptions = {}): OidcClient {
  const watch = new SessionWatch(new URL(sessionUrl, document.baseURI).href)
  let leaving: Promise<void> | undefined
  const leave = (url: string | URL) => (leaving = goTo(url).finally(() => (leaving = undefined)))

  return {
    get sessionEnded() {
      return watch.ended
    },
    session: ({ prolong = false } = {}) => (prolong ? watch.ask('?prolong=true') : watch.current()),
    async apiFetch(input, { poll = false, on401: reaction = poll ? 'return' : on401, ...init } = {}) {
      const response = await sendToOwnOrigin(input, init, 'use fetch(), or apiProxy() on the server', poll)
      const loginUrl = await loginUrlIn(response)
      if (loginUrl === undefined || !(await isOwnLogin(watch, loginUrl))) return response
      if (reaction === 'login' && (leaving !== undefined || mayLogIn())) {
        await (leaving ?? leave(withReturnTo(loginUrl, location.href)))
      } else watch.check()
      return response
    },
    async login({ returnTo = location.href, newTab = false } = {}) {
      const { login_url } = watch.latest ?? (await watch.current())
      const url = withReturnTo(login_url, returnTo)
      if (newTab) {
        open(url, '_blank', 'noopener')
        return watch.signedIn()
      }
      await leave(url)
      return watch.current()
    },
    async logout({ returnTo } = {}) {
      watch.isSigningOut = true
      try {
        await leave(await signOut(watch, returnTo))
      } finally {
        watch.isSigningOut = false
      }
    },
  }
}

// A remote API behind a proxy may name another page of this application, such as its logout.
async function isOwnLogin(watch: SessionWatch, url: string): Promise<boolean> {
  try {
    const login = new URL((watch.latest ?? (await watch.current())).login_url)
    return `${new URL(url).pathname}/`.startsWith(`${login.pathname}/`)
  } catch {
    return false
  }
}

/** Signs out here, and gives the URL that signs out at the provider. */
async function signOut(watch: SessionWatch, returnTo: string | URL | undefined): Promise<string> {
  const url = watch.logoutUrl ?? (await watch.current()).logout_url
  if (url === null) throw new Error('express-oidc: nobody is signed in, or there is no logout route')
  const target = returnTo === undefined ? url : withReturnTo(url, returnTo)
  const response = await sendToOwnOrigin(target, { method: 'POST' })
  const next = memberOf(await jsonIn(response), 'logout_url')
  if (typeof next !== 'string') {
    throw new Error(`express-oidc: ${response.url} answered ${response.status}`, { cause: response })
  }
  watch.signedOut()
  return next
}

function mayLogIn(): boolean {
  // A login in a frame is refused.
  if (self !== top) return false
  try {
    const sinceLast = Date.now() - Number(sessionStorage.getItem(storageKey))
    if (Math.abs(sinceLast) < loginIntervalMilliseconds) return false
    sessionStorage.setItem(storageKey, String(Date.now()))
    return true
  } catch {
    // Without storage there are no cookies either, and no login would help.
    return false
  }
}
