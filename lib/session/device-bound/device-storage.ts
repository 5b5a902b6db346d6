import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import type { SharedStore } from '../../options/common/stores.js'
import { absences, type SessionAbsence } from '../storage/absence.js'
import type { Cookies, FurtherCookies } from '../storage/cookie-chunks.js'
import {
  type FoundSession,
  type SessionStorage,
  type StoredSession,
  storedSessionIn,
  UncountedSessions,
} from '../storage/storage.js'
import type { SessionPlace, SessionRecord } from '../record.js'
import { namesOf } from '../revocation/revocations.js'
import type { SessionDevice } from './device.js'
import type { DeviceCookies } from './device-cookies.js'

// The clock of the process that registers a key may be behind. Until it is past the end as well, the session is not unbound for good.
const marginSeconds = 10

/** A login's session, and the header that offers the browser to bind it. */
export interface DeviceOffer {
  readonly record: SessionRecord
  /** Value of `Secure-Session-Registration`. */
  readonly header: string
}

/** What decides whether a bound session counts in a request. */
export interface DeviceRules {
  readonly offer: (record: SessionRecord) => DeviceOffer
  readonly cookies: DeviceCookies
  /**
   * Whether a key was registered, by the name of the binding.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  readonly isRegistered: (id: string) => MaybePromise<boolean>
  readonly runtime: Runtime
}

/**
 * A storage for one request, in which a session that is bound to a device counts only beside the cookie that proves the device's
 * key. Without it nobody is signed in, but the session and its cookie stay: the browser that has the key gets the proof again.
 *
 * The first request with that cookie adds the key to the session. An older copy of the session's cookie, from before, does not count
 * on its own either, once the time for registration has passed.
 */
export class DeviceBoundStorage implements SessionStorage {
  readonly #storage: SessionStorage
  readonly #rules: DeviceRules
  readonly #announce: (header: string) => void
  /** The session that does not count, for want of a proof. */
  #unproven: SessionRecord | undefined

  /** @param announce - puts `Secure-Session-Registration` on the response */
  constructor(storage: SessionStorage, rules: DeviceRules, announce: (header: string) => void) {
    this.#storage = storage
    this.#rules = rules
    this.#announce = announce
  }

  get sharedStore(): SharedStore | undefined {
    return this.#storage.sharedStore
  }

  read(cookies: Cookies, further?: FurtherCookies, place?: SessionPlace): MaybePromise<FoundSession> {
    return whenDone(this.#storage.read(cookies, further, place), (found) => this.#checked(found, cookies))
  }

  absence(cookies: Cookies, place?: SessionPlace): SessionAbsence {
    if (this.#unproven === undefined) return this.#storage.absence(cookies, place)
    return { ...absences.unproven, names: namesOf(this.#unproven) }
  }

  find(record: SessionRecord): MaybePromise<SessionRecord | undefined> {
    return this.#storage.find(record)
  }

  /** Saves a record. To the session of a login, the browser is offered to bind it, once. */
  save(record: SessionRecord, base: SessionRecord | undefined): MaybePromise<SessionRecord> {
    if (base !== undefined || record.device !== undefined) return this.#storage.save(record, base)
    const { record: offered, header } = this.#rules.offer(record)
    return whenDone(this.#storage.save(offered, base), (saved) => {
      this.#announce(header)
      return saved
    })
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
    const removals = this.#storage.clear(cookies, further)
    return removals.length === 0 ? removals : [...removals, ...this.#rules.cookies.removals(cookies)]
  }

  #checked(found: FoundSession, cookies: Cookies): MaybePromise<FoundSession> {
    const kept = storedSessionIn(found)
    const device = kept?.record.device
    if (kept === undefined || device === undefined) return found
    const proof = this.#rules.cookies.read(device.id, cookies)
    if (device.thumbprint !== undefined && device.thumbprint !== proof?.thumbprint) return this.#withhold(kept)
    if (proof === undefined) return this.#withoutProof(kept, device)
    const countsUntil = proof.endsAt
    if (device.thumbprint !== undefined) return { ...kept, countsUntil }
    const record = { ...kept.record, device: { id: device.id, thumbprint: proof.thumbprint } }
    return { ...kept, record, outdatedKey: true, countsUntil }
  }

  #withoutProof(kept: StoredSession, { id, offeredUntil = 0 }: SessionDevice): MaybePromise<FoundSession> {
    const { isRegistered, runtime } = this.#rules
    const now = runtime.now() / 1000
    // The browser may be registering its key while it loads the first page.
    if (now < offeredUntil) return { ...kept, countsUntil: offeredUntil }
    const decidedAt = offeredUntil + marginSeconds
    return whenDone(isRegistered(id), (isBound) => {
      if (isBound) return this.#withhold(kept)
      return now < decidedAt ? { ...kept, countsUntil: decidedAt } : neverBound(kept)
    })
  }

  #withhold(kept: StoredSession): FoundSession {
    this.#unproven = kept.record
    return new UncountedSessions([kept.record, ...(kept.others ?? [])])
  }
}

function neverBound(kept: StoredSession): StoredSession {
  const { device: _, ...record } = kept.record
  return { ...kept, record, outdatedKey: true }
}
