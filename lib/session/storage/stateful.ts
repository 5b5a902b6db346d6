import { omitUndefined } from '../../base/json.js'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { SharedStore } from '../../options/common/stores.js'
import type { SealPayload } from '../../seal/seal.js'
import { type Cookies, type FurtherCookies, noFurther } from './cookie-chunks.js'
import { clocksOf, isAlive, sessionEnded, type SessionLimits } from '../lifetime.js'
import { absences, type SessionAbsence } from './absence.js'
import { type FoundSession, type StoredSession, type SessionStorage, unreadable } from './storage.js'
import { beganAt, type SessionPlace, type SessionRecord } from '../record.js'
import {
  isSeveral,
  type KnownCookies,
  type OpenedCookies,
  SealedCookies,
  type SealedCookieSettings,
} from './sealed-cookies.js'
import { chooseSession, mapAll, type Remark } from './several.js'
import { Batches } from '../shared/batches.js'
import { StoredRecords } from '../shared/stored-records.js'
import {
  endById,
  hasJustEnded,
  isEndedBy,
  namesOf,
  type SessionNames,
  type SessionRevocations,
} from '../revocation/revocations.js'

/** Where sessions are stored, and the cookie that refers to them. */
export interface StatefulStorageSettings extends SealedCookieSettings {
  readonly sharedStore: SharedStore
  readonly revocations: SessionRevocations
  readonly limits: SessionLimits
  readonly remark: Remark
  readonly known?: KnownCookies<SessionNames>
}

const ticketVersion = 1

/**
 * Keeps sessions in a store. The cookie is a sealed ticket: the random session ID, and the names by which a logout can
 * refer to the session, so session and logouts are read in one round trip.
 */
export function createStatefulStorage(settings: StatefulStorageSettings): SessionStorage {
  return new StatefulStorage(settings)
}

class StatefulStorage implements SessionStorage {
  readonly #settings: StatefulStorageSettings
  readonly #tickets: SealedCookies<SessionNames>
  readonly #records: StoredRecords
  // Requests of one process that change the same session at once share one look for its logout.
  readonly #logouts = new Batches<SessionRecord, number>((_id, records) => this.#lastLogout(records))

  constructor(settings: StatefulStorageSettings) {
    this.#settings = settings
    this.#records = new StoredRecords(settings)
    this.#tickets = new SealedCookies('session ticket', settings, ({ payload }) => readTicket(payload))
  }

  read(
    cookies: Cookies,
    further: FurtherCookies = noFurther,
    place?: SessionPlace,
  ): ReturnType<SessionStorage['read']> {
    const opened = this.#tickets.open(cookies, further)
    if (opened === undefined) return undefined
    if (!isSeveral(opened)) return this.#findBy(opened, place)
    const found = mapAll(opened, (each) => this.#findBy(each, place))
    return whenDone(found, (all) => chooseSession(all, this.#settings.remark))
  }

  absence(cookies: Cookies): SessionAbsence {
    const opened = this.#tickets.openAnyway(cookies)
    if (opened === undefined) return absences.noCookie
    if (opened === null) return absences.otherSecret
    const { content: names } = opened
    return {
      ...(this.#tickets.hasExpired(opened) ? absences.idle : absences.lost),
      ...(names === undefined ? {} : { names }),
    }
  }

  async find(record: SessionRecord): Promise<SessionRecord | undefined> {
    const found = await this.#find(namesOf(record), false)
    return found === undefined || found === unreadable ? undefined : found.record
  }

  async save(record: SessionRecord, base: SessionRecord | undefined): Promise<SessionRecord> {
    if (base !== undefined) return this.#changed(record, base)
    await this.#records.add(record)
    return record
  }

  touch(record: SessionRecord, base: SessionRecord): void {
    this.#records.change(record, base).catch(() => undefined)
  }

  // The revocation also ends whatever a slow request may still write.
  async end(record: SessionRecord): Promise<void> {
    const { revocations, runtime } = this.#settings
    // Waits for both, so that neither succeeds after the failure of the other has been reported.
    const steps = await Promise.allSettled([endById(revocations, runtime, record), this.#records.remove(record.id)])
    for (const step of steps) if (step.status === 'rejected') throw step.reason
  }

  write(record: SessionRecord, cookies: Cookies): readonly string[] {
    const { idleExpiresAt } = clocksOf(record, this.#settings.limits)
    const { id, subject: sub, sid, provider: prv, issuer: iss } = namesOf(record)
    const ticket = { v: ticketVersion, exp: idleExpiresAt, id, sub, ...omitUndefined({ sid, prv, iss }) }
    const end = { endsAt: idleExpiresAt, remember: record.remember }
    return this.#tickets.write(this.#tickets.chunks(ticket), end, cookies)
  }

  clear(cookies: Cookies, further: FurtherCookies = noFurther): readonly string[] {
    return this.#tickets.clear(cookies, further)
  }

  // A logout by `sub` or `sid` leaves the record where it is, and the cookie could overwrite that of a newer login. Both are asked in one
  // tick, for a single round trip.
  async #changed(record: SessionRecord, base: SessionRecord): Promise<SessionRecord> {
    const asked = [this.#records.change(record, base), this.#logouts.add(base.id, base)] as const
    const [changed, revokedAt] = await Promise.all(asked)
    if (isEndedBy(revokedAt, base, this.#settings.runtime.now())) throw sessionEnded()
    return changed
  }

  async #lastLogout([record]: readonly SessionRecord[]): Promise<number> {
    return record === undefined ? 0 : this.#settings.revocations.latest(() => namesOf(record))
  }

  #findBy(
    { content: names, outdatedKey, expiresAt }: OpenedCookies<SessionNames>,
    place: SessionPlace | undefined,
  ): MaybePromise<FoundSession> {
    if (names === undefined) return unreadable
    return whenDone(this.#find(names, outdatedKey), (found) => {
      if (found === undefined || found === unreadable) return found
      if (!beganAt(found.record, place)) return unreadable
      return this.#isBehind(expiresAt, found.record) ? { ...found, outdatedKey: true } : found
    })
  }

  // The response with the renewed ticket may have been lost: the cookie would end a session that is in use.
  #isBehind(expiresAt: number, record: SessionRecord): boolean {
    const { limits } = this.#settings
    return clocksOf(record, limits).idleExpiresAt - expiresAt >= Math.max(1, limits.rollingStepSeconds)
  }

  async #find(names: SessionNames, isOldTicket: boolean): Promise<StoredSession | typeof unreadable | undefined> {
    const { revocations, limits, runtime } = this.#settings
    const [found, revokedAt] = await Promise.all([this.#records.read(names.id), revocations.latest(() => names)])
    if (found === unreadable) return unreadable
    const nothing = hasJustEnded(revokedAt, runtime.now()) ? unreadable : undefined
    if (found === undefined) return nothing
    const { record, outdatedKey } = found
    if (isEndedBy(revokedAt, record, runtime.now())) return nothing
    // A ticket of an older version does not name the tenant, at which a logout may have ended the session.
    const own = namesOf(record)
    if (own.issuer !== names.issuer) return this.#find(own, true)
    if (!isAlive(record, limits, runtime.now() / 1000)) return undefined
    return { record, outdatedKey: outdatedKey || isOldTicket }
  }
}

function readTicket({ v, id, sub, sid, prv, iss }: SealPayload): SessionNames | undefined {
  if (v !== ticketVersion || typeof id !== 'string' || typeof sub !== 'string') return undefined
  return {
    id,
    subject: sub,
    ...(typeof sid === 'string' ? { sid } : {}),
    ...(typeof prv === 'string' ? { provider: prv } : {}),
    ...(typeof iss === 'string' ? { issuer: iss } : {}),
  }
}
