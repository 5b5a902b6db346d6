import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { SharedStore } from '../../options/common/stores.js'
import type { Opened } from '../../seal/seal.js'
import { type Cookies, type FurtherCookies, noFurther } from './cookie-chunks.js'
import { type SessionLimits, clocksOf, isAlive, sessionEnded } from '../lifetime.js'
import { type Room, sealToFit } from './fitting.js'
import { absences, absenceOf, type SessionAbsence } from './absence.js'
import { type StoredSession, type FoundSession, type SessionStorage, unreadable } from './storage.js'
import { LeftOutTokens } from './left-out-tokens.js'
import { unpack } from './packed-payload.js'
import { beganAt, type SessionPlace, type SessionRecord, fromPayload } from '../record.js'
import {
  type KnownCookies,
  type OneOrSeveral,
  type OpenedCookies,
  type SealedCookieSettings,
  isSeveral,
  SealedCookies,
} from './sealed-cookies.js'
import { type Remark, chooseSession, mapAll } from './several.js'
import { nowSeconds, type Runtime } from '../../base/runtime.js'
import {
  type SessionRevocations,
  endById,
  hasJustEnded,
  isEndedBy,
  namesOf,
  unlessEnded,
} from '../revocation/revocations.js'

/** Keeps sessions in sealed cookies in the browser. */
export interface StatelessStorage {
  /**
   * Reads the session from the cookies, if it is authentic and has not expired; a list if cookies of the same name were
   * sent.
   */
  read(
    cookies: Cookies,
    further?: FurtherCookies,
    place?: SessionPlace,
  ): OneOrSeveral<StoredSession | typeof unreadable>
  /** Why no session counts, for logs. */
  absence(cookies: Cookies, place?: SessionPlace): SessionAbsence
  /**
   * `Set-Cookie` values that store a record, and remove parts that are no longer needed.
   *
   * @throws {SessionError} `session_too_large`
   */
  write(record: SessionRecord, cookies: Cookies): readonly string[]
  /** `Set-Cookie` values that remove our cookies; none if the browser did not send any. */
  clear(cookies: Cookies, further?: FurtherCookies): readonly string[]
  /** Adds the access token that the cookies had no room for, if another process has shared it. */
  restoreShared(record: SessionRecord): MaybePromise<SessionRecord>
  /** Forgets the access token that the cookies of an ended session had no room for. */
  forget(record: SessionRecord): void
}

/** Attributes, lifetime and secrets of the cookies. */
export interface StatelessStorageSettings extends SealedCookieSettings {
  readonly maxBytes: number
  readonly limits: SessionLimits
  readonly remark: Remark
  /** For access tokens that cookies have no room for. */
  readonly sharedStore?: SharedStore | undefined
  readonly known?: KnownCookies<SessionRecord>
}

/** Creates the storage of sessions in sealed cookies. */
export function createStatelessStorage(settings: StatelessStorageSettings): StatelessStorage {
  const { runtime, limits, maxBytes, remark } = settings
  const sealed = new SealedCookies('session', settings, recordIn)
  const leftOut = new LeftOutTokens(settings)
  const room = cookieRoom(sealed, maxBytes)
  const toStored = (
    { content: record, outdatedKey }: OpenedCookies<SessionRecord>,
    place: SessionPlace | undefined,
  ): StoredSession | typeof unreadable | undefined => {
    if (record === undefined || !beganAt(record, place)) return unreadable
    if (!isAlive(record, limits, nowSeconds(runtime))) return undefined
    return { record: leftOut.restoreLocal(record), outdatedKey }
  }
  return {
    read(cookies, further = noFurther, place) {
      const opened = sealed.open(cookies, further)
      if (isSeveral(opened)) return opened.flatMap((each) => toStored(each, place) ?? [])
      return opened === undefined ? undefined : toStored(opened, place)
    },
    absence: (cookies, place) => absenceIn(sealed.openAnyway(cookies), place, settings),
    write(record, cookies) {
      const endsAt = clocksOf(record, limits).idleExpiresAt
      const { sealed: chunks, remarks, isTokenLeftOut } = sealToFit(record, endsAt, room)
      if (remarks.length > 0) remark(remarks)
      if (isTokenLeftOut) leftOut.keep(record)
      return sealed.write(chunks, { endsAt, remember: record.remember }, cookies)
    },
    clear: (cookies, further = noFurther) => sealed.clear(cookies, further),
    restoreShared: (record) => leftOut.restoreShared(record),
    forget: (record) => leftOut.forget(record),
  }
}

function recordIn(opened: Opened): SessionRecord | undefined {
  const payload = unpack(opened)
  return payload === undefined ? undefined : fromPayload(payload)
}

function absenceIn(
  opened: OpenedCookies<SessionRecord> | null | undefined,
  place: SessionPlace | undefined,
  settings: StatelessStorageSettings,
): SessionAbsence {
  if (opened === undefined) return absences.noCookie
  if (opened === null) return absences.otherSecret
  return absenceOf(opened.content, place, settings)
}

function cookieRoom(sealed: SealedCookies<SessionRecord>, maxBytes: number): Room<ReadonlyMap<string, string>> {
  return {
    maxBytes,
    seal: (payload, attachment) => sealed.chunks(payload, attachment),
    bytesOf,
    refusal: (bytes, shares) =>
      `the session would take ${bytes} bytes of cookies, over session.maxCookieBytes ${maxBytes} (before sealing: ${shares}). ` +
      'Keep sessions on the server (session.store), ask the provider for fewer claims or scopes, keep less in the session, or raise the limit (12288 at most)',
  }
}

// As sent: with name, equals sign and separator.
function bytesOf(chunks: ReadonlyMap<string, string>): number {
  return [...chunks].reduce((sum, [name, value]) => sum + name.length + value.length + 3, 0)
}

/** What stateless sessions are checked against. */
export interface RevocableStorageSettings {
  readonly revocations: SessionRevocations
  readonly runtime: Runtime
  readonly remark: Remark
  /** Loads newer tokens of the session, in the same round trip. */
  readonly loadSuccessors?: (record: SessionRecord) => MaybePromise<void>
}

/** Stateless sessions that honour revocations: a sealed cookie cannot be recalled, so its revocation is checked on every read. */
export function revocableStorage(
  storage: StatelessStorage,
  { revocations, runtime, remark, loadSuccessors }: RevocableStorageSettings,
): SessionStorage {
  const unlessRevoked = (kept: StoredSession | typeof unreadable): MaybePromise<FoundSession> => {
    if (kept === unreadable) return kept
    const { record } = kept
    // All requests are made in one tick, for a single round trip.
    const latest = revocations.latest(() => namesOf(record))
    const loaded = loadSuccessors?.(record)
    const completed = storage.restoreShared(record)
    const whole = (): MaybePromise<StoredSession> =>
      whenDone(completed, (found) => (found === record ? kept : { ...kept, record: found }))
    return whenDone(latest, (revokedAt) => {
      if (!isEndedBy(revokedAt, record, runtime.now())) return whenDone(loaded, whole)
      return hasJustEnded(revokedAt, runtime.now()) ? unreadable : undefined
    })
  }
  return {
    read(cookies, further, place) {
      const found = storage.read(cookies, further, place)
      if (isSeveral(found)) return whenDone(mapAll(found, unlessRevoked), (all) => chooseSession(all, remark))
      return found === undefined ? undefined : unlessRevoked(found)
    },
    absence: (cookies, place) => storage.absence(cookies, place),
    find: (record) => unlessEnded(revocations, runtime, record),
    // After a logout, writing this session's cookie could overwrite that of a newer login.
    save: (record, base) =>
      base === undefined
        ? record
        : whenDone(unlessEnded(revocations, runtime, base), (found) => {
            if (found === undefined) throw sessionEnded()
            return record
          }),
    touch: () => undefined,
    end: (record) => whenDone(endById(revocations, runtime, record), () => storage.forget(record)),
    write: (record, cookies) => storage.write(record, cookies),
    clear: (cookies, further) => storage.clear(cookies, further),
  }
}
