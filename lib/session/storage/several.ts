import type { MaybePromise } from '../../base/maybe-promise.js'
import type { TraceRemark } from '../../base/diagnostics.js'
import { idTokenClaims } from '../claims.js'
import { type FoundSession, keptIn, type StoredSession, SeveralPeople, unreadable } from './storage.js'
import { generationOf } from '../merge.js'
import type { SessionRecord } from '../record.js'

/** Tells whoever watches. */
export type Remark = (remarks: readonly TraceRemark[]) => void

/** Looks at each of several values; at once where none has to be waited for. */
export function eachOf<T, U>(values: readonly T[], look: (value: T) => MaybePromise<U>): MaybePromise<readonly U[]> {
  const results = values.map(look)
  return results.some((result) => result instanceof Promise) ? Promise.all(results) : results.filter(isThere)
}

function isThere<U>(result: MaybePromise<U>): result is U {
  return !(result instanceof Promise)
}

/**
 * The session that counts where cookies of equal names led to several: the newest, if all are of one person. Where they
 * are of different people, nobody can tell who sits before the browser, so that none counts: one of them may have been
 * planted from a sibling domain (RFC 6265 section 8.6).
 */
export function chosen(found: readonly FoundSession[], remark: Remark): FoundSession {
  const kept = found.flatMap((each) => keptIn(each) ?? [])
  const [newest, ...older] = kept.sort(newestFirst)
  if (newest === undefined) return found.includes(unreadable) ? unreadable : undefined
  if (older.length === 0) return newest
  const records = kept.map(({ record }) => record)
  if (new Set(records.map(personOf)).size > 1) {
    remark(['several_people'])
    return new SeveralPeople(records)
  }
  const others = older.map(({ record }) => record).filter(({ id }) => id !== newest.record.id)
  return { ...newest, others }
}

function newestFirst({ record: a }: StoredSession, { record: b }: StoredSession): number {
  return b.createdAt - a.createdAt || generationOf(b.tokens) - generationOf(a.tokens) || b.touchedAt - a.touchedAt
}

function personOf(record: SessionRecord): string {
  const { iss, sub } = idTokenClaims(record)
  return JSON.stringify([iss, sub])
}
