import { ConfigurationError, SessionError } from '../errors.js'
import { traceOf } from '../options/error-trace.js'
import { whenDone } from '../options/maybe-promise.js'
import type { Platform } from '../options/platform.js'
import { createSeal, type Seal } from '../seal/seal.js'
import { clocksOf, isAlive, isRollingDue, type SessionLimits } from '../session/clocks.js'
import { type SessionKeeper, unreadable } from '../session/keeper.js'
import { fromPayload, type SessionRecord, toPayload } from '../session/record.js'
import { unlessEnded, type Watermark } from '../session/watermark.js'
import type { NodeRequest } from './types.js'

/** What logins in the application's own session are sealed with, and how long they live. */
export interface RequestKeeperSettings {
  readonly secrets: readonly string[]
  readonly audience: readonly string[]
  readonly limits: SessionLimits
  readonly watermark: Watermark
  readonly platform: Platform
}

/** A session of express-session, as far as it is used here; one of cookie-session has no methods. */
interface HostSession {
  [member: string]: unknown
  regenerate?: (done: (error?: unknown) => void) => void
  save?: (done: (error?: unknown) => void) => void
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
  return (req) => new RequestKeeper(settings, seal, req)
}

class RequestKeeper implements SessionKeeper {
  readonly #settings: RequestKeeperSettings
  readonly #seal: Seal
  readonly #req: NodeRequest

  constructor(settings: RequestKeeperSettings, seal: Seal, req: NodeRequest) {
    this.#settings = settings
    this.#seal = seal
    this.#req = req
  }

  read(): ReturnType<SessionKeeper['read']> {
    const { limits, platform, watermark } = this.#settings
    const sealed = hostSession(this.#req)[member]
    const opened = typeof sealed === 'string' ? this.#seal.open(sealed) : undefined
    if (opened === undefined || opened.expired) return undefined
    const record = fromPayload(opened.payload)
    if (record === undefined) return unreadable
    const nowSeconds = Math.floor(platform.now() / 1000)
    if (!isAlive(record, limits, nowSeconds)) return undefined
    return whenDone(unlessEnded(watermark, record), (found) =>
      found === undefined ? undefined : { record: this.#rolled(record, opened.outdatedKey), outdatedKey: false },
    )
  }

  find(record: SessionRecord): ReturnType<SessionKeeper['find']> {
    return unlessEnded(this.#settings.watermark, record)
  }

  async save(record: SessionRecord, base: SessionRecord | undefined): Promise<SessionRecord> {
    if (base === undefined) await this.#renew()
    this.#put(record)
    const session = hostSession(this.#req)
    await done((callback) => (session.save === undefined ? callback() : session.save(callback)))
    return record
  }

  touch(record: SessionRecord): void {
    this.#put(record)
  }

  async end({ id }: SessionRecord): Promise<void> {
    const { watermark, platform } = this.#settings
    await watermark.raise({ id }, platform.now())
    await this.#renew()
  }

  write(): readonly string[] {
    return []
  }

  clear(): readonly string[] {
    return []
  }

  // At once, not when headers are written: express-session has stored its session by then.
  #rolled(record: SessionRecord, outdatedKey: boolean): SessionRecord {
    const { limits, platform } = this.#settings
    const nowSeconds = Math.floor(platform.now() / 1000)
    const isDue = isRollingDue(record, limits, nowSeconds)
    const next = isDue ? { ...record, touchedAt: nowSeconds } : record
    if (isDue || outdatedKey) this.#put(next)
    return next
  }

  #put(record: SessionRecord): void {
    const { idleExpiresAt } = clocksOf(record, this.#settings.limits)
    hostSession(this.#req)[member] = this.#seal.seal(toPayload(record, idleExpiresAt))
  }

  async #renew(): Promise<void> {
    const session = hostSession(this.#req)
    if (session.regenerate === undefined) Reflect.set(this.#req, 'session', {})
    else await done((callback) => session.regenerate?.(callback))
  }
}

function hostSession(req: NodeRequest): HostSession {
  const session: unknown = Reflect.get(req, 'session')
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- an object, of which every member is checked before use
  if (typeof session === 'object' && session !== null) return session as HostSession
  const advice = 'mount express-session or cookie-session before oidc()'
  throw new ConfigurationError('not_mounted', `session.use is "request", but req.session is not there: ${advice}`)
}

function done(work: (callback: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    work((error) => {
      const message = "the application's session could not be saved: nothing has changed"
      const details = { cause: traceOf(error), headers: { 'Retry-After': '1' } }
      if (error === undefined || error === null) resolve()
      else reject(new SessionError('session_store_unavailable', message, details))
    })
  })
}
