import { nowSeconds } from '../../../base/runtime.js'
import onHeaders from 'on-headers'
import type { MaybePromise } from '../../../base/maybe-promise.js'
import { clocksOf } from '../../../session/lifetime.js'
import type { SessionRecord } from '../../../session/record.js'
import { beforeEnd } from '../../http/respond.js'
import { beforeSave, beginAnew, keepCookie, type RequestSession } from './application-session.js'
import { cookieNameIn, isRoomFor } from './cookie-room.js'
import { idOf, type LoginWriting, type Place } from './request-seal.js'
import type { RequestReading, RequestStorageSettings } from './request-storage-settings.js'
import { newestLogin, type RequestStore } from './request-store.js'

/** The login in the application's session, during one request. */
export class HeldLogin {
  readonly #settings: RequestStorageSettings
  readonly #reading: RequestReading
  /** The login, and its place in the application's session. */
  #held: { readonly record: SessionRecord; readonly place: Place } | undefined
  /** The id of the stored session that the login was read from. */
  #readFrom: string | undefined
  /** The login as it was stored last, so far as this request knows: what differs from it is a change of this request. */
  #stored: SessionRecord | undefined
  #watched: RequestSession | undefined

  constructor(settings: RequestStorageSettings, reading: RequestReading) {
    this.#settings = settings
    this.#reading = reading
  }

  /** The login; absent if there is none, or not any more. */
  get record(): SessionRecord | undefined {
    return this.#held?.record
  }

  /** The application's session. */
  get session(): RequestSession | undefined {
    return this.#reading.sessions.of(this.#reading.req)
  }

  /** The store of the application's session, if it is in one. */
  get store(): RequestStore | undefined {
    return this.#reading.stores.of(this.#reading.req, this.session)
  }

  /**
   * The application's session.
   *
   * @throws {ConfigurationError} `not_mounted`
   * @throws {SessionError} `session_store_unavailable`
   */
  requireSession(): RequestSession {
    const { session } = this
    if (session !== undefined) return session
    throw this.#reading.sessions.absence()
  }

  /** Notes a login as it was read, and from which session. */
  noteRead(record: SessionRecord, session: RequestSession): void {
    this.#readFrom = idOf(session)
    this.#stored = record
  }

  /** Takes up the login that was read, perhaps with a change: from here on it is brought up to date before it is stored. */
  take(next: SessionRecord, isChanged: boolean): void {
    const session = this.requireSession()
    if (isChanged) this.putIfFitting(next, session)
    else this.#hold(session, next)
    if (this.#held?.place.id === undefined) this.#makeRoom()
    else this.#encryptAgainWhenMoved()
  }

  /**
   * Writes a login into the application's session, which is stored later.
   *
   * @throws {SessionError} `session_too_large`, before anything has changed
   */
  put(record: SessionRecord, session = this.requireSession()): void {
    this.#reading.seal.put(session, record, this.#writing(record))
    this.#hold(session, record)
  }

  /** The same without an error: what does not fit any more counts during this request, and the cookie stays as it is. */
  putIfFitting(record: SessionRecord, session = this.requireSession()): void {
    try {
      this.put(record, session)
    } catch {
      this.#hold(session, record)
    }
  }

  /** Removes the login from the application's session. */
  forget(session = this.session): void {
    if (session !== undefined) this.#reading.seal.remove(session)
    this.#held = undefined
  }

  /**
   * Begins a session of the application without the content of the old one.
   *
   * @param record - the login that it is for; absent after a logout
   * @throws {SessionError} `session_store_unavailable`; `session_too_large`, before anything has changed
   */
  async begin(record?: SessionRecord): Promise<void> {
    const session = this.requireSession()
    if (record !== undefined) this.#reading.seal.requireRoom(session, record, this.#writing(record))
    await beginAnew(session, this.#settings.timeoutSeconds)
    this.#held = undefined
  }

  /**
   * A login with the changes that other requests have stored; `undefined` if it has ended in the store.
   *
   * @param base - the same login without the changes of this request, which are kept
   */
  newest(record: SessionRecord, base = record): MaybePromise<SessionRecord | undefined> {
    const { store } = this
    if (store === undefined) return record
    const id = idOf(this.requireSession())
    // A session with a new id may not have been stored yet.
    const from = id === this.#readFrom ? id : undefined
    return newestLogin({ record, base }, { store, seal: this.#reading.seal, refreshes: this.#settings.refreshes, from })
  }

  #writing(record: SessionRecord): LoginWriting {
    const { idleExpiresAt } = clocksOf(record, this.#settings.limits)
    return { endsAt: idleExpiresAt, cookieName: cookieNameIn(this.#reading.req) }
  }

  #hold(session: RequestSession, record: SessionRecord): void {
    this.#held = { record, place: this.#reading.seal.placeIn(session) }
    const { idleExpiresAt } = clocksOf(record, this.#settings.limits)
    keepCookie(this.#reading.req, session, record, idleExpiresAt - nowSeconds(this.#settings.runtime))
    if (this.store?.sharedStore === undefined) this.#settings.unshared(record)
    if (this.store !== undefined && this.#watched !== session) beforeSave(session, () => this.#bringUpToDate(session))
    this.#watched = session
  }

  // A slow request stores what it has read long before: older tokens and data must not replace newer ones, and a login that has
  // ended in another process must not come back.
  async #bringUpToDate(session: RequestSession): Promise<(() => void) | undefined> {
    const held = this.#held
    if (held === undefined || this.session !== session) return undefined
    const base = this.#stored?.id === held.record.id ? this.#stored : undefined
    const newest = await this.newest(held.record, base)
    const isStill = this.#held === held && this.#reading.seal.placeIn(session).sealed === held.place.sealed
    if (!isStill) return undefined
    if (newest === undefined) {
      this.forget(session)
      return undefined
    }
    if (newest !== held.record) this.put(newest, session)
    return () => void (this.#stored = newest)
  }

  // The application may put more beside a login than it leaves room for. cookie-session writes its cookie after this.
  #makeRoom(): void {
    const { req, res, seal } = this.#reading
    if (res === undefined) return
    onHeaders(res, () => {
      const { session } = this
      const held = this.#held
      if (session === undefined || held === undefined || seal.placeIn(session).sealed !== held.place.sealed) return
      try {
        if (!isRoomFor(session, cookieNameIn(req))) this.put(held.record, session)
      } catch {
        // Writing headers must not throw: it is the application that has put too much into its session.
      }
    })
  }

  // Applications begin a session with a new id and copy the content of the old one. The copied login is encrypted for the old
  // id, so it is encrypted again before express-session stores it, when the response ends.
  #encryptAgainWhenMoved(): void {
    const { res, seal } = this.#reading
    if (res === undefined) return
    beforeEnd(res, () => {
      const { session } = this
      const held = this.#held
      if (session !== undefined && held !== undefined && seal.hasMoved(held.place, session))
        this.put(held.record, session)
    })
  }
}
