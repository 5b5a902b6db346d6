/** What a page may see of the person who is signed in: the option `sessionRoute.claims` of `oidc()` picks it. */
export interface SessionUser {
  /** Identifies the person at the provider. */
  readonly sub?: string
  /** Name to show. */
  readonly name?: string
  /** Further claims that the application shows to its pages. */
  readonly [claim: string]: unknown
}

/** When a session ends, and at which provider it began. */
export interface SessionTimes {
  /** Seconds until the session ends if nobody uses it. */
  readonly expires_in: number
  /** Seconds until the session ends in any case. */
  readonly absolute_expires_in: number
  /** Name of the provider, if the application has several. */
  readonly provider?: string
}

/** The answer of the session route while somebody is signed in. */
export interface SignedInSession {
  /** Whether somebody is signed in. */
  readonly isAuthenticated: true
  /** The person, as far as the page may see. */
  readonly user: SessionUser
  /** When the session ends. */
  readonly session: SessionTimes
  /** Absolute URL of the application that starts a login. */
  readonly login_url: string
  /** Absolute URL of the application that signs out, or `null` if there is no logout route. */
  readonly logout_url: string | null
}

/** The answer of the session route while nobody is signed in. */
export interface SignedOutSession {
  /** Whether somebody is signed in. */
  readonly isAuthenticated: false
  /** Nobody is signed in. */
  readonly user: null
  /** There is no session. */
  readonly session: null
  /** Absolute URL of the application that starts a login. */
  readonly login_url: string
  /** There is nothing to sign out of. */
  readonly logout_url: null
}

/** The answer of the session route. */
export type Session = SignedInSession | SignedOutSession

/**
 * What `apiFetch()` does if the application answers 401 and a login would help: `login` goes to the login and returns to this
 * page, `return` returns the response, and the page stays as it is.
 */
export type On401 = 'login' | 'return'

/** Options of `createOidcClient()`. */
export interface OidcClientOptions {
  /**
   * The option `routes.session` of `oidc()`, as pages see it.
   *
   * @default '/session'
   */
  sessionUrl?: string | URL | undefined
  /**
   * What `apiFetch()` does on 401, unless the call has its own `on401`. On a page with a form, choose `return`: a navigation would
   * lose what the person has typed.
   *
   * @default 'login'
   */
  on401?: On401 | undefined
}

/** Options of `apiFetch()`, in addition to those of `fetch()`. */
export interface ApiFetchInit extends RequestInit {
  /**
   * Whether the page makes this request by itself, for example by a timer. It does not count as use of the session, and never goes
   * to the login.
   *
   * @default false
   */
  poll?: boolean | undefined
  /** What happens on 401. @default 'return' for a poll, otherwise that of the client */
  on401?: On401 | undefined
}

/** Options of `login()`. */
export interface PageLoginOptions {
  /**
   * Page to return to: a path, or a URL of this origin.
   *
   * @default this page
   */
  returnTo?: string | URL | undefined
  /**
   * Whether the login takes place in a new tab, while this page stays as it is. Call it in a handler of a click: browsers
   * block tabs that nobody asked for.
   *
   * @default false
   */
  newTab?: boolean | undefined
}

/** What a page of the application knows of its session. */
export interface OidcClient {
  /**
   * Asks the application who is signed in. That does not prolong the session, unless `prolong` is `true`.
   *
   * It rejects if the application is unavailable. That never means that nobody is signed in.
   *
   * @example
   * ```ts
   * import { createOidcClient } from 'express-oidc/browser'
   *
   * const client = createOidcClient()
   * const { isAuthenticated, user } = await client.session()
   * document.title = isAuthenticated ? `Orders of ${user.name}` : 'Please sign in'
   * ```
   */
  session(options?: { prolong?: boolean | undefined }): Promise<Session>
  /**
   * `fetch()` for the application's own origin, with the header that `csrf()` and `apiProxy()` require. On 401 it goes to the
   * login, once a minute at most, and returns to this page.
   *
   * The response of a 401 is returned if it is not from a guard of `oidc()`, if the last such login was less than a minute ago, or
   * if this page is in a frame, where no login starts.
   *
   * It rejects with a `TypeError` for a URL of another origin, and for a redirect to one.
   *
   * @example
   * ```ts
   * import { createOidcClient } from 'express-oidc/browser'
   *
   * const client = createOidcClient()
   * const response = await client.apiFetch('/api/orders', { method: 'POST', body: JSON.stringify({ item: 7 }) })
   * ```
   */
  apiFetch(input: string | URL | Request, init?: ApiFetchInit): Promise<Response>
  /**
   * Goes to the login. In a new tab, it resolves once somebody has signed in there, who may be another person. If the tab is closed
   * before, the promise stays pending. A later call replaces it: only one promise resolves after a login.
   *
   * @example
   * ```ts
   * import { createOidcClient } from 'express-oidc/browser'
   *
   * const client = createOidcClient()
   * document.querySelector('#sign-in')?.addEventListener('click', () => client.login({ returnTo: '/orders' }))
   * ```
   */
  login(options?: PageLoginOptions): Promise<Session>
  /**
   * Signs out here and at the provider, and goes to `returnTo` or to the page that `logout.returnTo` of `oidc()` names.
   *
   * @example
   * ```ts
   * import { createOidcClient } from 'express-oidc/browser'
   *
   * const client = createOidcClient()
   * document.querySelector('#sign-out')?.addEventListener('click', () => client.logout({ returnTo: '/goodbye' }))
   * ```
   */
  logout(options?: { returnTo?: string | URL | undefined }): Promise<void>
  /**
   * Resolves when the session of this page has ended: it has expired, the person has signed out in another tab or browser, or another
   * person has signed in. Its value is the state of now. It never rejects.
   *
   * Once somebody has signed in after that, this is a new promise, for the end of the next session.
   */
  readonly sessionEnded: Promise<Session>
}
