import { whenDone } from '../options/maybe-promise.js'
import type { Platform } from '../options/platform.js'
import type { CookieKeeper } from './cookie-keeper.js'
import { type SessionKeeper, unreadable } from './keeper.js'
import { isEndedBy, namesOf, type Watermark } from './watermark.js'

/** Keeps sessions wholly with the browser, and ends by watermark those that nobody can take back. */
export function watchedKeeper(keeper: CookieKeeper, watermark: Watermark, platform: Platform): SessionKeeper {
  return {
    read(cookies) {
      const kept = keeper.read(cookies)
      if (kept === undefined || kept === unreadable) return kept
      const mark = watermark.latest(() => namesOf(kept.record))
      return whenDone(mark, (at) => (isEndedBy(at, kept.record) ? undefined : kept))
    },
    save: (record) => record,
    touch: () => undefined,
    end: ({ id }) => watermark.raise({ id }, platform.now()),
    write: (record, cookies) => keeper.write(record, cookies),
    clear: (cookies) => keeper.clear(cookies),
  }
}
