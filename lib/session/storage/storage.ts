import type { MaybePromise } from '../../base/maybe-promise.js'
import type { SharedStore } from '../../options/common/stores.js'
import type { Cookies, FurtherCookies } from './cookie-chunks.js'
import type { SessionRecord } from '../record.js'

/** A session as found. */
export interface StoredSession {
  readonly record: SessionRecord
  /** Sealed with an older secret. */
  readonly outdatedKey: boolean
  /** Older sessions of the same person that cookies of the same name led to; absent where there are none. */
  readonly others?: readonly SessionRecord[]
}

/** Sessions of different people, that cookies of one name led to: none of them counts. */
export class SeveralPeople {
  readonly records: readonly SessionRecord[]

  constructor(records: readonly SessionRecord[]) {
    this.records = records
  }
}

/** What is authentic, and not for this response to remove: a newer version of the application wrote it, or it has just ended. */
export const unreadable: unique symbol = Symbol('a session of another version')

/** What a request's cookies lead to. */
export type FoundSession = StoredSession | SeveralPeople | typeof unreadable | undefined

/** The one session that counts, if there is one. */
export function keptIn(found: FoundSession): StoredSession | undefined {
  return found === undefined || found === unreadable || found instanceof SeveralPeople ? undefined : found
}

/** All sessions that were found, whether they count or not. */
export function recordsIn(found: FoundSession): readonly SessionRecord[] {
  if (found instanceof SeveralPeople) return found.records
  const kept = keptIn(found)
  if (kept === undefined) return none
  return kept.others === undefined ? [kept.record] : [kept.record, ...kept.others]
}

const none: readonly SessionRecord[] = []

/** Where sessions are kept: in the browser, in a store, or in the application's own session. */
export interface SessionStorage {
  /** What all processes that read this session share by that, where the application has brought no other memory. */
  readonly sharedStore?: SharedStore | undefined
  /**
   * The session that a request's cookies lead to, if it is authentic, alive and not ended.
   *
   * @param further - for cookies that came more than once under one name
   * @throws {SessionError} `session_store_unavailable`: it is not known whether someone is signed in
   */
  read(cookies: Cookies, further?: FurtherCookies): MaybePromise<FoundSession>
  /**
   * A session as it is kept by now, with what other requests have made of it; `undefined` once it has ended.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  find(record: SessionRecord): MaybePromise<SessionRecord | undefined>
  /**
   * Makes a record what later requests will find, before any cookie says so.
   *
   * @param base - what the record was made from; absent for a login. What others have changed meanwhile is kept.
   * @returns the record as it stands now
   * @throws {SessionError} `session_missing` for a change to a session that has ended; `session_store_unavailable`
   */
  save(record: SessionRecord, base: SessionRecord | undefined): MaybePromise<SessionRecord>
  /** Moves a session's idle limit on, in the background: when that fails, the next request tries again. */
  touch(record: SessionRecord, base: SessionRecord): void
  /**
   * Ends a session, for all who still have its cookies.
   *
   * @throws {SessionError} `session_store_unavailable`: it has not ended
   */
  end(record: SessionRecord): MaybePromise<void>
  /**
   * `Set-Cookie` values that lead to a record, for the moment when headers are written: nothing can be waited for then.
   *
   * @throws {SessionError} `session_too_large`
   */
  write(record: SessionRecord, cookies: Cookies): readonly string[]
  /** `Set-Cookie` values that remove what was sealed here; none when the browser sent no such thing. */
  clear(cookies: Cookies, further?: FurtherCookies): readonly string[]
}
