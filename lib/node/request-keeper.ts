import { SessionError } from '../errors.js'
import { whenDone } from '../options/maybe-promise.js'
import type { Platform } from '../options/platform.js'
import type { Refreshes } from '../relying-party/refresh-memory.js'
import { createSeal, type Seal } from '../seal/seal.js'
import { clocksOf, isAlive, isRollingDue, type SessionLimits } from '../session/clocks.js'
import { type SessionKeeper, unreadable } from '../session/keeper.js'
import { fromPayload, type SessionRecord, toPayload } from '../session/record.js'
import { storeCall, type StoreCallback } from '../session/store-call.js'
import { endById, unlessEnded, type Watermark } from '../session/watermark.js'
import { type RequestSession, RequestSessions } from './request-session.js'
import type { NodeRequest } from './types.js'

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

const member = 'oidc'

/**
 * Keeps the login as one sealed member of `req.session`, which express-session or cookie-session has read. A login and a
 * logout begin a session of a new id, without what was in the old one (session fixation, CWE-384).
 *
 * @throws {ConfigurationError} `not_mounted`, on first use, where nobody has set `req.session`
 */
export function createRequestKeepers(settings: RequestKeeperSettings): (req: NodeRequest) => SessionKeeper {
  const seal = createSeal(settings.secrets, ['session in a session', ...settings.audience], settings.platform)
  const sessions = new RequestSessions()
  return (req) => new RequestKeeper(settings, seal, () => sessions.of(req), sessions)
}

class RequestKeeper implements SessionKeeper {
  readonly #settings: RequestKeeperSettings
  readonly #seal: Seal
  readonly #host: () => RequestSession | undefined
  readonly #sessions: RequestSessions
  /** Of the login that the application's session holds. */
  #heldId: string | undefined

  constructor(
    settings: RequestKeeperSettings,
    seal: Seal,
    host: () => RequestSession | undefined,
    sessions: RequestSessions,
  ) {
    this.#settings = settings
    this.#seal = seal
    this.#host = host
    this.#sessions = sessions
  }

  read(): ReturnType<SessionKeeper['read']> {
    const { limits, watermark, refreshes } = this.#settings
    const session = this.#present()
    const sealed = session[member]
    const opened = typeof sealed === 'string' ? this.#seal.open(sealed) : undefined
    if (opened === undefined) return undefined
    const record = fromPayload(opened.payload)
    if (record === undefined) return unreadable
    if (opened.expired || !isAlive(record, limits, this.#nowSeconds())) return forgotten(session)
    const alive = unlessEnded(watermark, record)
    const learnt = refreshes.learn(record)
    return whenDone(alive, (found) =>
      whenDone(learnt, () => {
        if (found === undefined) return forgotten(session)
        return { record: this.#renewed(record, opened.outdatedKey), outdatedKey: false }
      }),
    )
  }

  find(record: SessionRecord): ReturnType<SessionKeeper['find']> {
    return unlessEnded(this.#settings.watermark, record)
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
      if (base === undefined) this.#remove(session)
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
    if (record.id === this.#heldId && this.#host() !== undefined) await this.#renew()
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
    if (next !== record || outdatedKey) this.#put(this.#present(), next)
    this.#heldId = record.id
    return next
  }

  #put(session: RequestSession, record: SessionRecord): void {
    const { idleExpiresAt } = clocksOf(record, this.#settings.limits)
    session[member] = this.#seal.seal(toPayload(record, idleExpiresAt))
    this.#heldId = record.id
  }

  #remove(session: RequestSession): void {
    forgotten(session)
    this.#heldId = undefined
  }

  // cookie-session writes no cookie for an empty session that is new, so that the old one is emptied.
  async #renew(): Promise<void> {
    const session = this.#present()
    if (session.regenerate !== undefined) await this.#call((done) => session.regenerate?.(done))
    else for (const name of Object.keys(session)) Reflect.deleteProperty(session, name)
    this.#heldId = undefined
  }

  #present(): RequestSession {
    const session = this.#host()
    if (session !== undefined) return session
    throw this.#sessions.absence()
  }

  #call(work: (done: StoreCallback) => void): Promise<unknown> {
    const { timeoutSeconds } = this.#settings
    return storeCall({ timeoutSeconds, what: "the store of the application's session" }, work)
  }

  #nowSeconds(): number {
    return Math.floor(this.#settings.platform.now() / 1000)
  }
}

function forgotten(session: RequestSession): Awaited<ReturnType<SessionKeeper['read']>> {
  Reflect.deleteProperty(session, member)
  return undefined
}

function ended(): SessionError {
  return new SessionError('session_missing', 'the session has ended meanwhile')
}
