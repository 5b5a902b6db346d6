import { nowSeconds } from '../../../base/runtime.js'
import type { HttpRequest } from '../../../http/request.js'
import { type MaybePromise, whenDone } from '../../../base/maybe-promise.js'
import type { SharedStore } from '../../../options/common/stores.js'
import { isAlive, isRollingDue, sessionEnded } from '../../../session/lifetime.js'
import { withConcurrent } from '../../../session/merge.js'
import { absenceOf, absences, type SessionAbsence } from '../../../session/storage/absence.js'
import { LeftOutTokens } from '../../../session/storage/left-out-tokens.js'
import { type SessionStorage, unreadable } from '../../../session/storage/storage.js'
import { beganAt, type SessionPlace, type SessionRecord } from '../../../session/record.js'
import { endById, unlessEnded } from '../../../session/revocation/revocations.js'
import type { RequestReading, RequestStorageSettings } from './request-storage-settings.js'
import { RequestSeal } from './request-seal.js'
import { type RequestSession, RequestSessions, storeNow } from './application-session.js'
import { HeldLogin } from './held-login.js'
import { absenceIn } from './request-absence.js'
import { RequestStores } from './request-store.js'
import type { NodeRequest, NodeResponse } from '../../types.js'

/**
 * Keeps the login as one encrypted member of `req.session`, which express-session or cookie-session has read. A login and a
 * logout begin a session with a new id, without the content of the old one (session fixation, CWE-384).
 *
 * @throws {ConfigurationError} `not_mounted`, on first use, if `req.session` is missing
 */
export function createRequestStorages(
  settings: RequestStorageSettings,
): (req: NodeRequest, httpRequest: HttpRequest, res?: NodeResponse) => SessionStorage {
  const leftOut = new LeftOutTokens(settings)
  const seal = new RequestSeal({ ...settings, leftOut })
  const sessions = new RequestSessions()
  const stores = new RequestStores(settings)
  return (req, httpRequest, res) =>
    new RequestStorage(settings, { seal, leftOut, sessions, stores, req, res, httpRequest })
}

class RequestStorage implements SessionStorage {
  readonly #settings: RequestStorageSettings
  readonly #reading: RequestReading
  readonly #login: HeldLogin
  #lost: SessionAbsence | undefined

  constructor(settings: RequestStorageSettings, reading: RequestReading) {
    this.#settings = settings
    this.#reading = reading
    this.#login = new HeldLogin(settings, reading)
  }

  get sharedStore(): SharedStore | undefined {
    return this.#login.store?.sharedStore
  }

  read(_cookies: unknown, _further: unknown, place?: SessionPlace): ReturnType<SessionStorage['read']> {
    const { seal, httpRequest } = this.#reading
    // `OPTIONS *` has no path, and express-session reads no session for it.
    if (!httpRequest.path.startsWith('/') && this.#login.session === undefined) return undefined
    const session = this.#login.requireSession()
    const opened = seal.open(session)
    if (opened === undefined) return undefined
    const { record } = opened
    if (record === undefined || !beganAt(record, place)) return unreadable
    if (opened.expired || !isAlive(record, this.#settings.limits, this.#nowSeconds())) {
      this.#forget(session, absenceOf(record, place, this.#settings))
      return undefined
    }
    this.#login.noteRead(record, session)
    // All requests are made in one tick, for a single round trip.
    const loaded = this.#settings.refreshes.loadSuccessors(record)
    const completed = this.#reading.leftOut.restoreShared(record)
    return whenDone(this.#unlessEnded(record), (found) =>
      whenDone(loaded, () =>
        whenDone(completed, (whole) => {
          if (found !== undefined) return { record: this.#updateOnRead(whole, opened.outdatedKey), outdatedKey: false }
          this.#forget(session, absences.revoked)
          return undefined
        }),
      ),
    )
  }

  absence(_cookies: unknown, place?: SessionPlace): SessionAbsence {
    return this.#lost ?? absenceIn(this.#login.session, place, { ...this.#settings, ...this.#reading })
  }

  find(record: SessionRecord): ReturnType<SessionStorage['find']> {
    return whenDone(this.#unlessEnded(record), (found) => (found === undefined ? undefined : this.#login.newest(found)))
  }

  async save(record: SessionRecord, base: SessionRecord | undefined): Promise<SessionRecord> {
    const login = this.#login
    if (base === undefined) await login.begin(record)
    else if (login.session === undefined || (await this.#unlessEnded(base)) === undefined) throw sessionEnded()
    const held = login.record
    const session = login.requireSession()
    login.put(base === undefined || held === undefined ? record : withConcurrent(base, record, held), session)
    try {
      await storeNow(session, this.#settings.timeoutSeconds)
    } catch (error) {
      // express-session saves again at the end of the response: that must not store a login that has failed.
      if (base === undefined) login.forget(session)
      throw error
    }
    if (login.record === undefined) throw sessionEnded()
    return login.record
  }

  // When headers are written, it is not too late for cookie-session, but for express-session it is.
  touch(record: SessionRecord): void {
    if (this.#login.session !== undefined) this.#login.putIfFitting(record)
  }

  async end(record: SessionRecord): Promise<void> {
    const { revocations, runtime } = this.#settings
    await endById(revocations, runtime, record)
    this.#reading.leftOut.forget(record)
    if (record.id === this.#login.record?.id && this.#login.session !== undefined) await this.#login.begin()
  }

  write(): readonly string[] {
    return []
  }

  clear(): readonly string[] {
    return []
  }

  // At once, not when headers are written: by then express-session has stored its session. A slower request may have stored
  // older tokens.
  #updateOnRead(record: SessionRecord, outdatedKey: boolean): SessionRecord {
    const { limits, refreshes, countsAsUse, listed } = this.#settings
    const newest = refreshes.latest(record)
    const isDue = isRollingDue(newest, limits, this.#nowSeconds()) && countsAsUse(this.#reading.httpRequest)
    const next = isDue ? { ...newest, touchedAt: this.#nowSeconds() } : newest
    listed?.renew(next, newest, this.#reading.httpRequest)
    this.#login.take(next, next !== record || outdatedKey)
    return next
  }

  #unlessEnded(record: SessionRecord): MaybePromise<SessionRecord | undefined> {
    return unlessEnded(this.#settings.revocations, this.#settings.runtime, record)
  }

  #forget(session: RequestSession, why: SessionAbsence): void {
    this.#lost = why
    this.#login.forget(session)
  }

  #nowSeconds(): number {
    return nowSeconds(this.#settings.runtime)
  }
}
