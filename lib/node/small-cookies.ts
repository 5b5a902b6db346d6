import { prefixedName, removeCookie, setCookie, type SmallCookie } from '../http/cookies.js'
import type { Exchange } from '../http/exchange.js'
import { logoutSeconds } from '../relying-party/logout-state.js'
import { loopWindowSeconds } from '../relying-party/loop-guard.js'
import { quietSeconds } from '../relying-party/silent-login.js'
import type { NodeResponse } from './types.js'

/** The small cookies beside the session's: each says one thing, for a while. */
export interface SmallCookies {
  /** Counts logins that left no session. */
  readonly loop: SmallCookie
  /** Counts stronger logins that guards asked for. */
  readonly stepUp: SmallCookie
  /** The logout that is on its way. */
  readonly logout: SmallCookie
  /** There is to be no silent login for now. */
  readonly quiet: SmallCookie
}

/** Makes the small cookies of one request. */
export type SmallCookieFactory = (exchange: Exchange, res: NodeResponse) => SmallCookies

/** Prepares the small cookies: host-only, `Lax`, and named after the session's. */
export function createSmallCookies(name: string, secure: boolean): SmallCookieFactory {
  const attributes = { secure, sameSite: 'lax' } as const
  const prefixed = prefixedName(name, secure, undefined)
  return (exchange, res) => {
    const cookie = (suffix: string, maxAgeSeconds: number): SmallCookie => {
      const full = `${prefixed}.${suffix}`
      const add = (line: string): void => {
        if (!res.headersSent) res.appendHeader('Set-Cookie', line)
      }
      return {
        get value() {
          return exchange.cookies[full]
        },
        write: (value) => add(setCookie(full, value, attributes, maxAgeSeconds)),
        remove: () => {
          if (exchange.cookies[full] !== undefined) add(removeCookie(full, attributes))
        },
      }
    }
    return {
      loop: cookie('loop', loopWindowSeconds),
      stepUp: cookie('step', loopWindowSeconds),
      logout: cookie('out', logoutSeconds),
      quiet: cookie('quiet', quietSeconds),
    }
  }
}
