import type { MaybePromise } from '../../base/maybe-promise.js'
import type { TraceRemark } from '../../base/tracing/event.js'
import { idTokenClaims } from '../claims.js'
import { type FoundSession, storedSessionIn, type StoredSession, UncountedSessions, unreadable } from './storage.js'
import { generationOf } from '../merge.js'
import type { SessionRecord } from '../record.js'

/** Publishes remarks to tracing channels. */
export type Remark = (remarks: readonly TraceRemark[]) => void

/** Maps values; synchronously, unless a result is a promise. */
export function mapAll<T, U>(values: readonly T[], look: (value: T) => MaybePromise<U>): MaybePromise<readonly U[]> {
  const results = values.map(look)
  return results.some((result) => result instanceof Promise) ? Promise.all(results) : results.filter(isSettled)
}

function isSettled<U>(result: MaybePromise<U>): result is U {
  return !(result instanceof Promise)
}

/**
 * Chooses among the sessions of several cookies with the same name. If all are of the same person, the newest counts.
 * If they are of different people, none counts, because a sibling domain may have planted one (RFC 6265 section 8.6).
 */
export function chooseSession(found: readonly FoundSession[], remark: Remark): FoundSession {
  const kept = found.flatMap((each) => storedSessionIn(each) ?? [])
  const [newest, ...older] = kept.sort(newestFirst)
  if (newest === undefined) return found.includes(unreadable) ? unreadable : undefined
  if (older.length === 0) return newest
  const records = kept.map(({ record }) => record)
  if (new Set(records.map(personOf)).size > 1) {
    remark(['several_people'])
    return new UncountedSessions(records)
  }
  const others = older.map(({ record }) => record).filter(({ id }) => id !== newest.record.id)
  return { ...newest, others }
}

function newestFirst({ record: a }: StoredSession, { record: b }: StoredSession): number {
  return b.createdAt - a.createdAt || generationOf(b.tokens) - generationOf(a.tokens) || b.touchedAt - a.touchedAt
}

function personOf(record: SessionRecord): string {
  const { iss, sub } = idTokenClaims(record)
  return JSON.stringify([iss, sub, record.provider?.key])
}
