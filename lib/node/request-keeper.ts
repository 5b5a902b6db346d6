import { SessionError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import { whenDone } from '../options/maybe-promise.js'
import type { Platform } from '../options/platform.js'
import type { Refreshes } from '../relying-party/refresh-memory.js'
import { clocksOf, isAlive, isRollingDue, type SessionLimits } from '../session/clocks.js'
import { type SessionKeeper, unreadable } from '../session/keeper.js'
import { fromPayload, type SessionRecord, toPayload } from '../session/record.js'
import { storeCall, type StoreCallback } from '../session/store-call.js'
import { endById, unlessEnded, type Watermark } from '../session/watermark.js'
import { createRequestSeal, type Place, type RequestSeal } from './request-seal.js'
import { type RequestSession, RequestSessions } from './request-session.js'
import { beforeEnd } from './respond.js'
import type { NodeRequest, NodeResponse } from './types.js'

/** What logins in the application's own session are sealed with, and how long they live. */
export interface RequestKeeperSettings {
  readonly secrets: readonly string[]
  readonly audience: readonly string[]
  readonly limits: SessionLimits
  readonly watermark: Watermark
  readonly refreshes: Pick<Refreshes, 'latest' | 'learn'>
  readonly platform: Platform
  /** How long the store of the application's session may take. */
  readonly timeoutSeconds: number
}

/**
 * Keeps the login as one sealed member of `req.session`, which express-session or cookie-session has read. A login and a
 * logout begin a session of a new id, without what was in the old one (session fixation, CWE-384).
 *
 * @throws {ConfigurationError} `not_mounted`, on first use, where nobody has set `req.session`
 */
export function createRequestKeepers(
  settings: RequestKeeperSettings,
): (req: NodeRequest, exchange: Exchange, res?: NodeResponse) => SessionKeeper {
  const seal = createRequestSeal(settings.secrets, settings.audience, settings.platform)
  const sessions = new RequestSessions()
  return (req, { path }, res) =>
    new RequestKeeper(settings, { seal, sessions, req, res, hasPath: path.startsWith('/') })
}

/** One request, and what its session is read with. */
interface Reading {
  readonly seal: RequestSeal
  readonly sessions: RequestSessions
  readonly req: NodeRequest
  readonly res: NodeResponse | undefined
  /** `OPTIONS *` has none, and express-session reads no session for it. */
  readonly hasPath: boolean
}

class RequestKeeper implements SessionKeeper {
  readonly #settings: RequestKeeperSettings
  readonly #reading: Reading
  /** The login that the application's session holds, and where it lies. */
  #held: { readonly record: SessionRecord; readonly place: Place } | undefined

  constructor(settings: RequestKeeperSettings, reading: Reading) {
    this.#settings = settings
    this.#reading = reading
  }

  read(): ReturnType<SessionKeeper['read']> {
    const { limits, watermark, refreshes, platform } = this.#settings
    const { seal, hasPath } = this.#reading
    if (!hasPath && this.#host() === undefined) return undefined
    const session = this.#present()
    const opened = seal.open(session)
    if (opened === undefined) return undefined
    const record = fromPayload(opened.payload)
    if (record === undefined) return unreadable
    if (opened.expired || !isAlive(record, limits, this.#nowSeconds())) {
      this.#forget(session)
      return undefined
    }
    const alive = unlessEnded(watermark, platform, record)
    const learnt = refreshes.learn(record)
    return whenDone(alive, (found) =>
      whenDone(learnt, () => {
        if (found !== undefined) return { record: this.#renewed(record, opened.outdatedKey), outdatedKey: false }
        this.#forget(session)
        return undefined
      }),
    )
  }

  find(record: SessionRecord): ReturnType<SessionKeeper['find']> {
    return unlessEnded(this.#settings.watermark, this.#settings.platform, record)
  }

  async save(record: SessionRecord, base: SessionRecord | undefined): Promise<SessionRecord> {
    if (base === undefined) await this.#renew()
    else if (this.#host() === undefined || (await this.find(base)) === undefined) throw ended()
    const session = this.#present()
    this.#put(session, record)
    try {
      await this.#call((done) => (session.save === undefined ? done() : session.save(done)))
    } catch (error) {
      // express-session tries again at the end of the response: a login that was refused must not come to be by that.
      if (base === undefined) this.#forget(session)
      throw error
    }
    return record
  }

  // Where headers are about to be written, cookie-session still takes it; for express-session it is too late.
  touch(record: SessionRecord): void {
    const session = this.#host()
    if (session !== undefined) this.#put(session, record)
  }

  async end(record: SessionRecord): Promise<void> {
    const { watermark, platform } = this.#settings
    await endById(watermark, platform, record)
    if (record.id === this.#held?.record.id && this.#host() !== undefined) await this.#renew()
  }

  write(): readonly string[] {
    return []
  }

  clear(): readonly string[] {
    return []
  }

  // At once, not when headers are written: express-session has stored its session by then. Another request that was slower
  // may have stored older tokens.
  #renewed(record: SessionRecord, outdatedKey: boolean): SessionRecord {
    const { limits, refreshes } = this.#settings
    const newest = refreshes.latest(record)
    const isDue = isRollingDue(newest, limits, this.#nowSeconds())
    const next = isDue ? { ...newest, touchedAt: this.#nowSeconds() } : newest
    const session = this.#present()
    if (next !== record || outdatedKey) this.#put(session, next)
    else this.#hold(session, next)
    this.#followMoves()
    return next
  }

  #put(session: RequestSession, record: SessionRecord): void {
    const { idleExpiresAt } = clocksOf(record, this.#settings.limits)
    this.#reading.seal.put(session, toPayload(record, idleExpiresAt))
    this.#hold(session, record)
  }

  #hold(session: RequestSession, record: SessionRecord): void {
    this.#held = { record, place: this.#reading.seal.placeIn(session) }
  }

  // Applications begin a session of a new id and copy all that was in the old one. What lies there now was sealed for the old
  // id: it is sealed anew before express-session stores it, which it does when the response ends.
  #followMoves(): void {
    const { res, seal } = this.#reading
    if (res === undefined || this.#held?.place.id === undefined) return
    beforeEnd(res, () => {
      const session = this.#host()
      const held = this.#held
      if (session !== undefined && held !== undefined && seal.hasMoved(held.place, session))
        this.#put(session, held.record)
    })
  }

  #forget(session: RequestSession): void {
    this.#reading.seal.remove(session)
    this.#held = undefined
  }

  // cookie-session writes no cookie for an empty session that is new, so that the old one is emptied.
  async #renew(): Promise<void> {
    const session = this.#present()
    if (session.regenerate !== undefined) await this.#call((done) => session.regenerate?.(done))
    else for (const name of Object.keys(session)) Reflect.deleteProperty(session, name)
    this.#held = undefined
  }

  #host(): RequestSession | undefined {
    return this.#reading.sessions.of(this.#reading.req)
  }

  #present(): RequestSession {
    const session = this.#host()
    if (session !== undefined) return session
    throw this.#reading.sessions.absence()
  }

  #call(work: (done: StoreCallback) => void): Promise<unknown> {
    const { timeoutSeconds } = this.#settings
    return storeCall({ timeoutSeconds, what: "the store of the application's session" }, work)
  }

  #nowSeconds(): number {
    return Math.floor(this.#settings.platform.now() / 1000)
  }
}

function ended(): SessionError {
  return new SessionError('session_missing', 'the session has ended meanwhile')
}
