import type { MaybePromise } from '../../base/maybe-promise.js'
import type { SharedStore } from '../../options/common/stores.js'
import type { SessionAbsence } from './absence.js'
import type { Cookies, FurtherCookies } from './cookie-chunks.js'
import type { SessionPlace, SessionRecord } from '../record.js'

/** A session that was found. */
export interface StoredSession {
  readonly record: SessionRecord
  /**
   * Whether it is to be sealed again: it was sealed with an older secret, has just been bound to a device, or its cookie ends before
   * what is stored does.
   */
  readonly outdatedKey: boolean
  /** Older sessions of the same person, from cookies of the same name; absent if there are none. */
  readonly others?: readonly SessionRecord[]
  /** Until when these cookies count, in seconds since the epoch: then a proof of the device is due. Absent if none is. */
  readonly countsUntil?: number
}

/**
 * Authentic sessions of which none counts: cookies of the same name are of different people, or the request does not prove the key
 * of the device that a session is bound to.
 */
export class UncountedSessions {
  readonly records: readonly SessionRecord[]

  constructor(records: readonly SessionRecord[]) {
    this.records = records
  }
}

/**
 * An authentic cookie that must not be removed: another version of the application wrote it, its session has just ended, or
 * began at another base URL.
 */
export const unreadable: unique symbol = Symbol('a session of another version')

/** The result of reading a request's cookies. */
export type FoundSession = StoredSession | UncountedSessions | typeof unreadable | undefined

/** The session that counts, if there is one. */
export function storedSessionIn(found: FoundSession): StoredSession | undefined {
  return found === undefined || found === unreadable || found instanceof UncountedSessions ? undefined : found
}

/** All sessions that were found, including those that do not count. */
export function recordsIn(found: FoundSession): readonly SessionRecord[] {
  if (found instanceof UncountedSessions) return found.records
  const kept = storedSessionIn(found)
  if (kept === undefined) return none
  return kept.others === undefined ? [kept.record] : [kept.record, ...kept.others]
}

const none: readonly SessionRecord[] = []

/** Where sessions are kept: in the browser, in a store, or in the application's own session. */
export interface SessionStorage {
  /** A shared store that comes with this storage, used if the application has configured no other. */
  readonly sharedStore?: SharedStore | undefined
  /**
   * Reads the session of a request's cookies, if it is authentic, unexpired and not revoked.
   *
   * @param further - for cookies of the same name
   * @param place - the base URL of the request, if sessions of another one do not count
   * @throws {SessionError} `session_store_unavailable`: it is not known whether someone is signed in
   */
  read(cookies: Cookies, further?: FurtherCookies, place?: SessionPlace): MaybePromise<FoundSession>
  /** Why no session counts in a request's cookies, for logs. */
  absence(cookies: Cookies, place?: SessionPlace): SessionAbsence
  /**
   * Reads a session again, with the changes of other requests; `undefined` if it has ended.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  find(record: SessionRecord): MaybePromise<SessionRecord | undefined>
  /**
   * Saves a record, before its cookie is written.
   *
   * @param base - the record before the change; absent for a login. Concurrent changes of other requests are kept
   * @returns the record as saved
   * @throws {SessionError} `session_missing` if the session has ended; `session_store_unavailable`
   */
  save(record: SessionRecord, base: SessionRecord | undefined): MaybePromise<SessionRecord>
  /** Extends a session's idle limit in the background. If that fails, the next request tries again. */
  touch(record: SessionRecord, base: SessionRecord): void
  /**
   * Ends a session, even for browsers that still have its cookies.
   *
   * @throws {SessionError} `session_store_unavailable`: the session has not ended
   */
  end(record: SessionRecord): MaybePromise<void>
  /**
   * `Set-Cookie` values for a record. Synchronous, since it is called when headers are written.
   *
   * @throws {SessionError} `session_too_large`
   */
  write(record: SessionRecord, cookies: Cookies): readonly string[]
  /** `Set-Cookie` values that remove our cookies; none if the browser did not send any. */
  clear(cookies: Cookies, further?: FurtherCookies): readonly string[]
}
