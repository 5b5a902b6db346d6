import onHeaders from 'on-headers'
import type { Exchange } from '../http/exchange.js'
import type { Platform } from '../options/platform.js'
import { isRollingDue, type SessionLimits } from '../session/clocks.js'
import type { CookieKeeper } from '../session/cookie-keeper.js'
import type { SessionRecord } from '../session/record.js'
import type { NodeResponse } from './types.js'

/** The session of one request, and what its response will do to the cookies. */
export interface SessionBinding {
  current(): SessionRecord | undefined
  /** @throws {SessionError} `session_too_large` */
  store(record: SessionRecord): void
  clear(): void
}

// A response that took longer may be overtaken by a login or logout in another tab: it must not write the old session again.
const slowResponseMilliseconds = 5_000

/**
 * Binds a response to the session of its request. Cookies are added when headers are written: so they survive every way
 * to end a response, and nothing is sent when nothing changed.
 */
export function bindSession(
  keeper: CookieKeeper,
  limits: SessionLimits,
  platform: Platform,
  exchange: Exchange,
  res: NodeResponse,
): SessionBinding {
  const startedAt = platform.now()
  const kept = keeper.read(exchange.cookies)
  let record = kept?.record
  /** Cookies of a change that the application, or one of our routes, made. */
  let changed: readonly string[] | undefined

  const touched = (current: SessionRecord): SessionRecord => {
    const nowSeconds = Math.floor(platform.now() / 1000)
    return isRollingDue(current, limits, nowSeconds) ? { ...current, touchedAt: nowSeconds } : current
  }
  const upkeep = (): readonly string[] => {
    if (platform.now() - startedAt > slowResponseMilliseconds) return []
    // Cookies that hold no session any more are removed, so that they are not tried again and again.
    if (kept === undefined) return keeper.clear(exchange.cookies)
    const next = touched(kept.record)
    return next === kept.record && !kept.outdatedKey ? [] : writeIfFitting(keeper, next, exchange)
  }

  onHeaders(res, () => {
    const cookies = changed ?? upkeep()
    if (cookies.length > 0) addCookies(res, cookies)
  })

  return {
    current: () => record,
    store(next) {
      const stored = touched(next)
      changed = keeper.write(stored, exchange.cookies)
      record = stored
    },
    clear() {
      changed = keeper.clear(exchange.cookies)
      record = undefined
    },
  }
}

// Whoever writes headers must not meet an error of ours: a session that a lowered limit has made too large keeps its old cookie.
function writeIfFitting(keeper: CookieKeeper, record: SessionRecord, exchange: Exchange): readonly string[] {
  try {
    return keeper.write(record, exchange.cookies)
  } catch {
    return []
  }
}

// A shared cache must not keep one person's cookie for another (CVE-2025-48947 was just that).
function addCookies(res: NodeResponse, cookies: readonly string[]): void {
  for (const cookie of cookies) res.appendHeader('Set-Cookie', cookie)
  res.setHeader('Cache-Control', 'no-store')
  const vary = String(res.getHeader('Vary') ?? '')
  if (!/(^|,)\s*(cookie|\*)\s*(,|$)/i.test(vary)) res.setHeader('Vary', vary === '' ? 'Cookie' : `${vary}, Cookie`)
}
