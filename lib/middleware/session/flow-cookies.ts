import { type CookieAttributes, prefixedName, removeCookie, setCookie, type SmallCookie } from '../../http/cookies.js'
import type { HttpRequest } from '../../http/request.js'
import { onwardSeconds } from '../../relying-party/logout/logout-onward.js'
import { logoutSeconds } from '../../relying-party/logout/pending-logout.js'
import { loopWindowSeconds } from '../../relying-party/login/loop-guard.js'
import { quietSeconds } from '../../relying-party/login/silent-login.js'
import type { NodeResponse } from '../types.js'

/** The small, short-lived cookies beside the session's. */
export interface FlowCookies {
  /** Counts logins after which the session was missing. */
  readonly loop: SmallCookie
  /** Counts stronger logins that guards required. */
  readonly stepUp: SmallCookie
  /** The pending logout at the provider. */
  readonly logout: SmallCookie
  /** The next step from a logout here to the logout at the provider. */
  readonly onward: SmallCookie
  /** Prevents silent logins for a while. */
  readonly quiet: SmallCookie
  /**
   * Makes the browser drop pages with `no-store` from its back/forward cache. Chromium keeps such a page until an HttpOnly
   * cookie changes. From the changes since the page was loaded, it subtracts those of the redirects to that page, some of
   * which it has not counted: so what a login wrote can hide what a logout removes. To be safe, a cookie is set, changed and
   * removed.
   */
  dropKeptPages(): void
}

/** Creates the small cookies of one request. */
export type FlowCookieFactory = (httpRequest: HttpRequest, res: NodeResponse) => FlowCookies

/** Prepares the small cookies: host-only, `Lax`, and named after the session's cookie. */
export function createFlowCookies(name: string, secure: boolean): FlowCookieFactory {
  const attributes = { secure, sameSite: 'lax' } as const
  const prefixed = prefixedName(name, secure, undefined)
  const named = (suffix: string, maxAgeSeconds: number): NamedCookie => {
    return { name: `${prefixed}.${suffix}`, maxAgeSeconds, attributes }
  }
  const cookies = {
    loop: named('loop', loopWindowSeconds),
    stepUp: named('step', loopWindowSeconds),
    logout: named('out', logoutSeconds),
    onward: named('on', onwardSeconds),
    quiet: named('quiet', quietSeconds),
  }
  const bye = `${prefixed}.bye`
  const passing = [
    setCookie(bye, '1', attributes, 1),
    setCookie(bye, '2', attributes, 1),
    removeCookie(bye, attributes),
  ]
  return (httpRequest, res) => ({
    loop: new ResponseCookie(cookies.loop, httpRequest, res),
    stepUp: new ResponseCookie(cookies.stepUp, httpRequest, res),
    logout: new ResponseCookie(cookies.logout, httpRequest, res),
    onward: new ResponseCookie(cookies.onward, httpRequest, res),
    quiet: new ResponseCookie(cookies.quiet, httpRequest, res),
    dropKeptPages() {
      if (!res.headersSent) for (const line of passing) res.appendHeader('Set-Cookie', line)
    },
  })
}

interface NamedCookie {
  readonly name: string
  readonly maxAgeSeconds: number
  readonly attributes: CookieAttributes
}

class ResponseCookie implements SmallCookie {
  readonly #cookie: NamedCookie
  readonly #httpRequest: HttpRequest
  readonly #res: NodeResponse

  constructor(cookie: NamedCookie, httpRequest: HttpRequest, res: NodeResponse) {
    this.#cookie = cookie
    this.#httpRequest = httpRequest
    this.#res = res
  }

  get value(): string | undefined {
    return this.#httpRequest.cookies[this.#cookie.name]
  }

  write(value: string): void {
    const { name, attributes, maxAgeSeconds } = this.#cookie
    this.#add(setCookie(name, value, attributes, maxAgeSeconds))
  }

  remove(): void {
    const { name, attributes } = this.#cookie
    if (this.value !== undefined) this.#add(removeCookie(name, attributes))
  }

  #add(line: string): void {
    if (!this.#res.headersSent) this.#res.appendHeader('Set-Cookie', line)
  }
}
