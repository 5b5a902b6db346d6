import { type CookieAttributes, prefixedName, removeCookie, setCookie, type SmallCookie } from '../../http/cookies.js'
import type { HttpRequest } from '../../http/request.js'
import { onwardSeconds } from '../../relying-party/logout/logout-onward.js'
import { logoutSeconds } from '../../relying-party/logout/pending-logout.js'
import { loopWindowSeconds } from '../../relying-party/login/loop-guard.js'
import { quietSeconds } from '../../relying-party/login/silent-login.js'
import type { NodeResponse } from '../types.js'

/** The small cookies beside the session's: each says one thing, for a while. */
export interface FlowCookies {
  /** Counts logins that left no session. */
  readonly loop: SmallCookie
  /** Counts stronger logins that guards asked for. */
  readonly stepUp: SmallCookie
  /** The logout that is on its way. */
  readonly logout: SmallCookie
  /** The way on from a logout here to that at the provider. */
  readonly onward: SmallCookie
  /** There is to be no silent login for now. */
  readonly quiet: SmallCookie
  /**
   * Has the browser drop the pages that it keeps for Back, which say `no-store`. Chromium keeps even those until a cookie
   * changes that scripts cannot read. Of the changes since a page came it takes off as many as the redirects to that page
   * made, some of which it has not counted: what a login writes can hide what a logout removes. So a cookie comes,
   * changes and goes.
   */
  dropKeptPages(): void
}

/** Makes the small cookies of one request. */
export type FlowCookieFactory = (httpRequest: HttpRequest, res: NodeResponse) => FlowCookies

/** Prepares the small cookies: host-only, `Lax`, and named after the session's. */
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
  readonly #exchange: HttpRequest
  readonly #res: NodeResponse

  constructor(cookie: NamedCookie, httpRequest: HttpRequest, res: NodeResponse) {
    this.#cookie = cookie
    this.#exchange = httpRequest
    this.#res = res
  }

  get value(): string | undefined {
    return this.#exchange.cookies[this.#cookie.name]
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
