import { SessionError } from '../../errors.js'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { Platform } from '../../base/runtime.js'
import type { CookieKeeper } from './stateless.js'
import { type FoundSession, type KeptSession, type SessionKeeper, unreadable } from './storage.js'
import type { SessionRecord } from '../record.js'
import { isSeveral } from './sealed-cookies.js'
import { chosen, eachOf, type Remark } from './several.js'
import { endById, hasJustEnded, isEndedBy, namesOf, unlessEnded, type Watermark } from '../revocation/revocations.js'

/** What a session in a cookie is checked with. */
export interface WatchedKeeperSettings {
  readonly watermark: Watermark
  readonly platform: Platform
  readonly remark: Remark
  /** Looks for newer tokens of a session, at the same time. */
  readonly learn?: (record: SessionRecord) => MaybePromise<void>
}

/** Keeps sessions wholly with the browser, and ends by watermark those that nobody can take back. */
export function watchedKeeper(
  keeper: CookieKeeper,
  { watermark, platform, remark, learn }: WatchedKeeperSettings,
): SessionKeeper {
  const judged = (kept: KeptSession | typeof unreadable): MaybePromise<FoundSession> => {
    if (kept === unreadable) return kept
    const { record } = kept
    // All are asked in one tick, for one round trip.
    const latest = watermark.latest(() => namesOf(record))
    const learnt = learn?.(record)
    const completed = keeper.completed(record)
    const whole = (): MaybePromise<KeptSession> =>
      whenDone(completed, (found) => (found === record ? kept : { ...kept, record: found }))
    return whenDone(latest, (mark) => {
      if (!isEndedBy(mark, record, platform.now())) return whenDone(learnt, whole)
      return hasJustEnded(mark, platform.now()) ? unreadable : undefined
    })
  }
  return {
    read(cookies, further) {
      const found = keeper.read(cookies, further)
      if (isSeveral(found)) return whenDone(eachOf(found, judged), (all) => chosen(all, remark))
      return found === undefined ? undefined : judged(found)
    },
    find: (record) => unlessEnded(watermark, platform, record),
    // Its cookie could take the place of another, of a login that came after the logout.
    save: (record, base) =>
      base === undefined
        ? record
        : whenDone(unlessEnded(watermark, platform, base), (found) => {
            if (found === undefined) throw new SessionError('session_missing', 'the session has ended meanwhile')
            return record
          }),
    touch: () => undefined,
    end: (record) => whenDone(endById(watermark, platform, record), () => keeper.forget(record)),
    write: (record, cookies) => keeper.write(record, cookies),
    clear: (cookies, further) => keeper.clear(cookies, further),
  }
}
