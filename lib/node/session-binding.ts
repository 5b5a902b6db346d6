import onHeaders from 'on-headers'
import type { Exchange } from '../http/exchange.js'
import type { Platform } from '../options/platform.js'
import type { Refreshes } from '../relying-party/refresh-memory.js'
import { isRollingDue, type SessionLimits } from '../session/clocks.js'
import type { CookieKeeper, KeptSession } from '../session/cookie-keeper.js'
import type { SessionRecord } from '../session/record.js'
import type { NodeResponse } from './types.js'

/** The session of one request, and what its response will do to the cookies. */
export interface SessionBinding {
  current(): SessionRecord | undefined
  /** @throws {SessionError} `session_too_large` */
  store(record: SessionRecord): void
  clear(): void
  /** Whether the response can still carry the session to the browser. */
  canStore(): boolean
}

// A response that took longer may be overtaken by a login or logout in another tab: it must not write the old session again.
const slowResponseMilliseconds = 5_000

/** What sessions are bound by. */
export interface BindingSettings {
  readonly keeper: CookieKeeper
  readonly limits: SessionLimits
  readonly platform: Platform
  readonly refreshes: Refreshes
}

/**
 * Binds a response to the session of its request. Cookies are added when headers are written: so they survive every way
 * to end a response, and nothing is sent when nothing changed.
 */
export function bindSession(settings: BindingSettings, exchange: Exchange, res: NodeResponse): SessionBinding {
  const session = new BoundSession(settings, exchange, res)
  onHeaders(res, () => {
    const cookies = session.cookies()
    if (cookies.length > 0) addCookies(res, cookies)
  })
  return session
}

class BoundSession implements SessionBinding {
  readonly #settings: BindingSettings
  readonly #exchange: Exchange
  readonly #res: NodeResponse
  readonly #startedAt: number
  readonly #kept: KeptSession | undefined
  #record: SessionRecord | undefined
  /** Cookies of a change that the application, or one of our routes, made. */
  #changed: readonly string[] | undefined

  constructor(settings: BindingSettings, exchange: Exchange, res: NodeResponse) {
    this.#settings = settings
    this.#exchange = exchange
    this.#res = res
    this.#startedAt = settings.platform.now()
    this.#kept = settings.keeper.read(exchange.cookies)
    this.#record = this.#kept?.record
  }

  // Another request may have renewed the tokens since: an old refresh token must not get back into the browser.
  current(): SessionRecord | undefined {
    if (this.#record !== undefined) this.#record = this.#settings.refreshes.latest(this.#record)
    return this.#record
  }

  canStore(): boolean {
    return !this.#res.headersSent && !this.#res.destroyed
  }

  store(next: SessionRecord): void {
    const { keeper, refreshes } = this.#settings
    const stored = this.#touched(next)
    this.#changed = keeper.write(stored, this.#exchange.cookies)
    if (this.#record !== undefined && this.#record.id !== stored.id) refreshes.end(this.#record)
    this.#record = stored
  }

  clear(): void {
    if (this.#record !== undefined) this.#settings.refreshes.end(this.#record)
    this.#changed = this.#settings.keeper.clear(this.#exchange.cookies)
    this.#record = undefined
  }

  /** What the response does to the cookies. */
  cookies(): readonly string[] {
    const before = this.#record
    const next = this.current()
    // A logout in another tab must not be undone by a response that was under way.
    if (next !== undefined && this.#settings.refreshes.hasEnded(next)) return []
    if (this.#changed === undefined) return this.#upkeep(next)
    return next === undefined || next === before ? this.#changed : this.#writeIfFitting(next)
  }

  #upkeep(current: SessionRecord | undefined): readonly string[] {
    const { keeper, platform } = this.#settings
    if (platform.now() - this.#startedAt > slowResponseMilliseconds) return []
    // Cookies that hold no session any more are removed, so that they are not tried again and again.
    if (current === undefined) return keeper.clear(this.#exchange.cookies)
    const next = this.#touched(current)
    const isDue = next !== this.#kept?.record || this.#kept.outdatedKey
    return isDue ? this.#writeIfFitting(next) : []
  }

  #touched(current: SessionRecord): SessionRecord {
    const { limits, platform } = this.#settings
    const nowSeconds = Math.floor(platform.now() / 1000)
    return isRollingDue(current, limits, nowSeconds) ? { ...current, touchedAt: nowSeconds } : current
  }

  // Whoever writes headers must not meet an error of ours: a session that a lowered limit has made too large keeps its old cookie.
  #writeIfFitting(record: SessionRecord): readonly string[] {
    try {
      return this.#settings.keeper.write(record, this.#exchange.cookies)
    } catch {
      return []
    }
  }
}

// A shared cache must not keep one person's cookie for another (CVE-2025-48947 was just that).
function addCookies(res: NodeResponse, cookies: readonly string[]): void {
  for (const cookie of cookies) res.appendHeader('Set-Cookie', cookie)
  res.setHeader('Cache-Control', 'no-store')
  const vary = String(res.getHeader('Vary') ?? '')
  if (!/(^|,)\s*(cookie|\*)\s*(,|$)/i.test(vary)) res.setHeader('Vary', vary === '' ? 'Cookie' : `${vary}, Cookie`)
}
