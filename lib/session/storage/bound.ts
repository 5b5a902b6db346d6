import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { SharedStore } from '../../options/common/stores.js'
import { beganAt, type SessionPlace, type SessionRecord } from '../record.js'
import type { Cookies, FurtherCookies } from './cookie-chunks.js'
import type { SessionAbsence } from './absence.js'
import type { FoundSession, SessionStorage } from './storage.js'

/** A storage at one of several base URLs: sessions that begin here are found here only. */
export class BoundStorage implements SessionStorage {
  readonly #storage: SessionStorage
  readonly #place: SessionPlace

  constructor(storage: SessionStorage, place: SessionPlace) {
    this.#storage = storage
    this.#place = place
  }

  get sharedStore(): SharedStore | undefined {
    return this.#storage.sharedStore
  }

  read(cookies: Cookies, further?: FurtherCookies): MaybePromise<FoundSession> {
    return this.#storage.read(cookies, further, this.#place)
  }

  absence(cookies: Cookies): SessionAbsence {
    return this.#storage.absence(cookies, this.#place)
  }

  find(record: SessionRecord): MaybePromise<SessionRecord | undefined> {
    return whenDone(this.#storage.find(record), (found) =>
      found !== undefined && beganAt(found, this.#place) ? found : undefined,
    )
  }

  save(record: SessionRecord, base: SessionRecord | undefined): MaybePromise<SessionRecord> {
    const { origin, isFirst } = this.#place
    return this.#storage.save(base === undefined && !isFirst ? { ...record, origin } : record, base)
  }

  touch(record: SessionRecord, base: SessionRecord): void {
    this.#storage.touch(record, base)
  }

  end(record: SessionRecord): MaybePromise<void> {
    return this.#storage.end(record)
  }

  write(record: SessionRecord, cookies: Cookies): readonly string[] {
    return this.#storage.write(record, cookies)
  }

  clear(cookies: Cookies, further?: FurtherCookies): readonly string[] {
    return this.#storage.clear(cookies, further)
  }
}
