import type { HttpRequest } from '../../../http/request.js'
import { type MaybePromise, whenDone } from '../../../base/maybe-promise.js'
import type { SharedStore } from '../../../options/common/stores.js'
import { clocksOf, isAlive, isRollingDue, sessionEnded } from '../../../session/lifetime.js'
import { withConcurrent } from '../../../session/merge.js'
import { absenceOf, absences, type SessionAbsence } from '../../../session/storage/absence.js'
import { type SessionStorage, unreadable } from '../../../session/storage/storage.js'
import { beganAt, fromPayload, type SessionPlace, type SessionRecord, toPayload } from '../../../session/record.js'
import { endById, unlessEnded } from '../../../session/revocation/revocations.js'
import type { RequestReading, RequestStorageSettings } from './request-storage-settings.js'
import { createRequestSeal, idOf, type Place } from './request-seal.js'
import type { RequestSession } from './application-session.js'
import { beforeSave, beginAnew, keepCookie, RequestSessions, storeNow } from './application-session.js'
import { absenceIn } from './request-absence.js'
import { newestLogin, type RequestStore, RequestStores } from './request-store.js'
import { beforeEnd } from '../../http/respond.js'
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
  const seal = createRequestSeal(settings.secrets, settings.audience, settings.runtime)
  const sessions = new RequestSessions()
  const stores = new RequestStores(settings)
  return (req, httpRequest, res) => new RequestStorage(settings, { seal, sessions, stores, req, res, httpRequest })
}

class RequestStorage implements SessionStorage {
  readonly #settings: RequestStorageSettings
  readonly #reading: RequestReading
  /** The login in the application's session, and its place there. */
  #held: { readonly record: SessionRecord; readonly place: Place } | undefined
  /** The id of the stored session that the login was read from. */
  #readFrom: string | undefined
  #lost: SessionAbsence | undefined
  #watched: RequestSession | undefined

  constructor(settings: RequestStorageSettings, reading: RequestReading) {
    this.#settings = settings
    this.#reading = reading
  }

  get sharedStore(): SharedStore | undefined {
    return this.#store()?.sharedStore
  }

  read(_cookies: unknown, _further: unknown, place?: SessionPlace): ReturnType<SessionStorage['read']> {
    const { seal, httpRequest } = this.#reading
    // `OPTIONS *` has no path, and express-session reads no session for it.
    if (!httpRequest.path.startsWith('/') && this.#applicationSession() === undefined) return undefined
    const session = this.#requireSession()
    const opened = seal.open(session)
    if (opened === undefined) return undefined
    const record = fromPayload(opened.payload)
    if (record === undefined || !beganAt(record, place)) return unreadable
    if (opened.expired || !isAlive(record, this.#settings.limits, this.#nowSeconds())) {
      this.#forget(session, absenceOf(record, place, this.#settings))
      return undefined
    }
    this.#readFrom = idOf(session)
    const loaded = this.#settings.refreshes.loadSuccessors(record)
    return whenDone(this.#unlessEnded(record), (found) =>
      whenDone(loaded, () => {
        if (found !== undefined) return { record: this.#updateOnRead(record, opened.outdatedKey), outdatedKey: false }
        this.#forget(session, absences.revoked)
        return undefined
      }),
    )
  }

  absence(_cookies: unknown, place?: SessionPlace): SessionAbsence {
    return this.#lost ?? absenceIn(this.#applicationSession(), place, { ...this.#settings, ...this.#reading })
  }

  find(record: SessionRecord): ReturnType<SessionStorage['find']> {
    return whenDone(this.#unlessEnded(record), (found) => (found === undefined ? undefined : this.#newest(found)))
  }

  async save(record: SessionRecord, base: SessionRecord | undefined): Promise<SessionRecord> {
    if (base === undefined) await this.#regenerate()
    else if (this.#applicationSession() === undefined || (await this.#unlessEnded(base)) === undefined)
      throw sessionEnded()
    const session = this.#requireSession()
    const held = this.#held?.record
    this.#put(session, base === undefined || held === undefined ? record : withConcurrent(base, record, held))
    try {
      await storeNow(session, this.#settings.timeoutSeconds)
    } catch (error) {
      // express-session saves again at the end of the response: that must not store a login that has failed.
      if (base === undefined) this.#forget(session)
      throw error
    }
    if (this.#held === undefined) throw sessionEnded()
    return this.#held.record
  }

  // When headers are written, it is not too late for cookie-session, but for express-session it is.
  touch(record: SessionRecord): void {
    if (this.#applicationSession() !== undefined) this.#put(this.#requireSession(), record)
  }

  async end(record: SessionRecord): Promise<void> {
    const { revocations, runtime } = this.#settings
    await endById(revocations, runtime, record)
    if (record.id === this.#held?.record.id && this.#applicationSession() !== undefined) await this.#regenerate()
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
    const session = this.#requireSession()
    if (next !== record || outdatedKey) this.#put(session, next)
    else this.#hold(session, next)
    this.#encryptAgainWhenMoved()
    return next
  }

  #put(session: RequestSession, record: SessionRecord): void {
    const { idleExpiresAt } = clocksOf(record, this.#settings.limits)
    this.#reading.seal.put(session, toPayload(record, idleExpiresAt))
    this.#hold(session, record)
  }

  #hold(session: RequestSession, record: SessionRecord): void {
    this.#held = { record, place: this.#reading.seal.placeIn(session) }
    const { idleExpiresAt } = clocksOf(record, this.#settings.limits)
    keepCookie(this.#reading.req, session, record, idleExpiresAt - this.#nowSeconds())
    if (this.#store() === undefined) this.#settings.unshared(record)
    else if (this.#watched !== session) beforeSave(session, () => this.#bringUpToDate(session))
    this.#watched = session
  }

  // A slow request stores what it has read long before: older tokens must not replace newer ones, and a login that has ended
  // in another process must not come back.
  async #bringUpToDate(session: RequestSession): Promise<void> {
    const held = this.#held
    if (held === undefined || this.#applicationSession() !== session) return
    const newest = await this.#newest(held.record)
    const isStill = this.#held === held && this.#reading.seal.placeIn(session).sealed === held.place.sealed
    if (!isStill) return
    if (newest === undefined) this.#forget(session)
    else if (newest !== held.record) this.#put(session, newest)
  }

  /** A login with the changes of other processes that share a store. */
  #newest(record: SessionRecord): MaybePromise<SessionRecord | undefined> {
    const store = this.#store()
    if (store === undefined) return record
    const id = idOf(this.#requireSession())
    // A session with a new id may not have been stored yet.
    const from = id === this.#readFrom ? id : undefined
    return newestLogin(record, { store, seal: this.#reading.seal, refreshes: this.#settings.refreshes, from })
  }

  #unlessEnded(record: SessionRecord): MaybePromise<SessionRecord | undefined> {
    return unlessEnded(this.#settings.revocations, this.#settings.runtime, record)
  }

  // Applications begin a session with a new id and copy the content of the old one. The copied login is encrypted for the old
  // id, so it is encrypted again before express-session stores it, when the response ends.
  #encryptAgainWhenMoved(): void {
    const { res, seal } = this.#reading
    if (res === undefined || this.#held?.place.id === undefined) return
    beforeEnd(res, () => {
      const session = this.#applicationSession()
      const held = this.#held
      if (session !== undefined && held !== undefined && seal.hasMoved(held.place, session))
        this.#put(session, held.record)
    })
  }

  #forget(session: RequestSession, why?: SessionAbsence): void {
    this.#lost = why
    this.#reading.seal.remove(session)
    this.#held = undefined
  }

  async #regenerate(): Promise<void> {
    await beginAnew(this.#requireSession(), this.#settings.timeoutSeconds)
    this.#held = undefined
  }

  #store(): RequestStore | undefined {
    return this.#reading.stores.of(this.#reading.req, this.#applicationSession())
  }

  #applicationSession(): RequestSession | undefined {
    return this.#reading.sessions.of(this.#reading.req)
  }

  #requireSession(): RequestSession {
    const session = this.#applicationSession()
    if (session !== undefined) return session
    throw this.#reading.sessions.absence()
  }

  #nowSeconds(): number {
    return Math.floor(this.#settings.runtime.now() / 1000)
  }
}
