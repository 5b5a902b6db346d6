import { LRUCache } from 'lru-cache'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import { idTokenClaims } from '../claims.js'
import type { SessionRecord } from '../record.js'

/** The names that a logout can call a session by. */
export interface SessionNames {
  readonly id: string
  /** `sub`: the person at this issuer. */
  readonly subject: string
  /** `sid`: the session at the provider (OpenID Connect Back-Channel Logout 1.0 section 2.1). */
  readonly sid?: string
}

/** What a logout ends: one session by its id; else those of a `sub`, of a `sid`, or those that have both. */
export type LogoutTarget =
  | { readonly id: string }
  | { readonly subject: string; readonly sid?: string }
  | { readonly sid: string; readonly subject?: never }

/** A logout that has just become known. */
export type LogoutListener = (target: LogoutTarget, at: number) => void

/**
 * Remembers logouts as points in time: whatever began until then is over, what begins later lives on. So sealed cookies,
 * which nobody can take back, end too. Times are milliseconds since the epoch.
 */
export interface SessionRevocations {
  /**
   * Ends what began no later than `at`.
   *
   * @throws {SessionError} `session_store_unavailable`: nothing has ended, and nobody may be told so
   */
  revoke(target: LogoutTarget, at: number): MaybePromise<void>
  /**
   * The last logout that a session of these names would be ended by; 0 where there was none.
   *
   * @throws {SessionError} `session_store_unavailable`: it is not known
   */
  latest(names: () => SessionNames): MaybePromise<number>
  /** Calls back at each logout that this process sees. Returns what ends that. */
  onRevoke(listener: LogoutListener): () => void
}

const maxMarks = 100_000

/** The names of a session. */
export function namesOf(record: SessionRecord): SessionNames {
  const { sub: subject, sid } = idTokenClaims(record)
  return { id: record.id, subject, ...(typeof sid === 'string' ? { sid } : {}) }
}

// More than clocks of processes that are set by NTP differ.
const clockStepMilliseconds = 5_000

/**
 * Whether a logout ended a session. One that begins in the future was made before a clock was set back: whether a logout came
 * before or after it can no longer be told, so that any ends it.
 */
export function isEndedBy(
  mark: number,
  { createdAt }: Pick<SessionRecord, 'createdAt'>,
  nowMilliseconds: number,
): boolean {
  const begunAt = Math.round(createdAt * 1000)
  return mark >= begunAt || (mark > 0 && begunAt > nowMilliseconds + clockStepMilliseconds)
}

// As long as an answer may be on its way that has the browser's next cookie.
const justEndedMilliseconds = 10_000

/**
 * Whether a logout is so recent that its browser may be about to get another cookie, of the login that replaced the
 * session: whoever removed the old one now could remove that.
 */
export function hasJustEnded(mark: number, nowMilliseconds: number): boolean {
  return mark > nowMilliseconds - justEndedMilliseconds
}

/**
 * A session, unless a logout has ended it.
 *
 * @throws {SessionError} `session_store_unavailable`
 */
export function unlessEnded(
  revocations: SessionRevocations,
  runtime: Pick<Runtime, 'now'>,
  record: SessionRecord,
): MaybePromise<SessionRecord | undefined> {
  return whenDone(
    revocations.latest(() => namesOf(record)),
    (mark) => (isEndedBy(mark, record, runtime.now()) ? undefined : record),
  )
}

/**
 * Ends one session by its id, also where the clock of the process that began it is ahead of this one's.
 *
 * @throws {SessionError} `session_store_unavailable`
 */
export function endById(
  revocations: SessionRevocations,
  runtime: Pick<Runtime, 'now'>,
  { id, createdAt }: Pick<SessionRecord, 'id' | 'createdAt'>,
): MaybePromise<void> {
  return revocations.revoke({ id }, Math.max(runtime.now(), Math.round(createdAt * 1000)))
}

/** The key of what a logout ends: no two targets have the same. */
export function targetKey(target: LogoutTarget): string {
  if ('id' in target) return `i:${target.id}`
  if (target.subject === undefined) return `s:${target.sid}`
  return target.sid === undefined ? `p:${target.subject}` : `b:${JSON.stringify([target.subject, target.sid])}`
}

/** The keys of all logouts that would end a session. */
export function keysOf({ id, subject, sid }: SessionNames): readonly string[] {
  const own = [targetKey({ id }), targetKey({ subject })]
  return sid === undefined ? own : [...own, targetKey({ sid }), targetKey({ subject, sid })]
}

/** The logouts that one process has seen: a restart forgets them, and other processes do not see them. */
export class ProcessRevocations implements SessionRevocations {
  readonly #marks: LRUCache<string, number>
  readonly #listeners = new Set<LogoutListener>()

  /** @param seconds - how long a session lives at most */
  constructor(runtime: Runtime, seconds: number) {
    const ttl = Math.ceil(seconds * 1000)
    this.#marks = new LRUCache({ max: maxMarks, ttl, perf: runtime, ttlResolution: 0 })
  }

  revoke(target: LogoutTarget, at: number): void {
    const key = targetKey(target)
    this.#marks.set(key, Math.max(at, this.#marks.get(key) ?? 0))
    for (const listener of this.#listeners) listener(target, at)
  }

  latest(names: () => SessionNames): number {
    if (this.#marks.size === 0) return 0
    return Math.max(...keysOf(names()).map((key) => this.#marks.get(key) ?? 0))
  }

  onRevoke(listener: LogoutListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
