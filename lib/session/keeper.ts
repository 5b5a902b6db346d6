import type { MaybePromise } from '../options/maybe-promise.js'
import type { Cookies } from './chunks.js'
import type { SessionRecord } from './record.js'

/** A session as found. */
export interface KeptSession {
  readonly record: SessionRecord
  /** Sealed with an older secret. */
  readonly outdatedKey: boolean
}

/** What is authentic, and not for this response to remove: a newer version of the application wrote it, or it has just ended. */
export const unreadable: unique symbol = Symbol('a session of another version')

/** Where sessions are kept: in the browser, in a store, or in the application's own session. */
export interface SessionKeeper {
  /**
   * The session that a request's cookies lead to, if it is authentic, alive and not ended.
   *
   * @throws {SessionError} `session_store_unavailable`: it is not known whether someone is signed in
   */
  read(cookies: Cookies): MaybePromise<KeptSession | typeof unreadable | undefined>
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
  /** `Set-Cookie` values that remove all that the browser sent; none when it sent nothing. */
  clear(cookies: Cookies): readonly string[]
}
