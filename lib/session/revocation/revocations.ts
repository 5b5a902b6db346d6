import { LRUCache } from 'lru-cache'
import { isAhead } from '../../base/age.js'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import { idTokenClaims } from '../claims.js'
import type { SessionRecord } from '../record.js'

/** The identifiers by which a logout can refer to a session. */
export interface SessionNames {
  readonly id: string
  /** `sub`: the person at this issuer. */
  readonly subject: string
  /** `sid`: the session at the provider (OpenID Connect Back-Channel Logout 1.0 section 2.1). */
  readonly sid?: string
}

/** What a logout ends: one session by its ID, or all sessions with a `sub`, a `sid`, or both. */
export type LogoutTarget =
  | { readonly id: string }
  | { readonly subject: string; readonly sid?: string }
  | { readonly sid: string; readonly subject?: never }

/** Called when a logout becomes known. */
export type LogoutListener = (target: LogoutTarget, at: number) => void

/**
 * Remembers logouts by their time: sessions that began before it have ended, those that begin later have not. This is
 * how sealed cookies, which cannot be recalled, are revoked. Times are milliseconds since the epoch.
 */
export interface SessionRevocations {
  /**
   * Ends the sessions of a target that began no later than `at`.
   *
   * @throws {SessionError} `session_store_unavailable`: no session has ended, so do not report success
   */
  revoke(target: LogoutTarget, at: number): MaybePromise<void>
  /**
   * The time of the last logout that applies to a session with these names; 0 if there was none.
   *
   * @throws {SessionError} `session_store_unavailable`: the time is not known
   */
  latest(names: () => SessionNames): MaybePromise<number>
  /** Calls the listener for each logout that this process sees. Returns a function that removes the listener. */
  onRevoke(listener: LogoutListener): () => void
}

const maxRevocations = 100_000

/** A session's names. */
export function namesOf(record: SessionRecord): SessionNames {
  const { sub: subject, sid } = idTokenClaims(record)
  return { id: record.id, subject, ...(typeof sid === 'string' ? { sid } : {}) }
}

// More than the clocks of processes with NTP differ.
const clockStepMilliseconds = 5_000

/**
 * Whether a logout has ended a session. A session that began in the future was created before a clock was set back.
 * Whether a logout came before or after that is unknown, so any logout ends it.
 */
export function isEndedBy(
  revokedAt: number,
  { createdAt }: Pick<SessionRecord, 'createdAt'>,
  nowMilliseconds: number,
): boolean {
  const begunAt = Math.round(createdAt * 1000)
  return revokedAt >= begunAt || (revokedAt > 0 && isAhead(begunAt, nowMilliseconds, clockStepMilliseconds))
}

// How long a response with the browser's next session cookie may be in transit.
const justEndedMilliseconds = 10_000

/**
 * Whether a logout is so recent that the browser may be about to receive the cookie of a new login. Removing the old
 * cookie now could remove the new one.
 */
export function hasJustEnded(revokedAt: number, nowMilliseconds: number): boolean {
  return revokedAt > nowMilliseconds - justEndedMilliseconds
}

/**
 * Returns a session's record, unless a logout has ended the session.
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
    (revokedAt) => (isEndedBy(revokedAt, record, runtime.now()) ? undefined : record),
  )
}

/**
 * Ends one session by its ID, even if the clock of the process that created it is ahead of this one's.
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

/** The key of a logout target, unique per target. */
export function targetKey(target: LogoutTarget): string {
  if ('id' in target) return `i:${target.id}`
  if (target.subject === undefined) return `s:${target.sid}`
  return target.sid === undefined ? `p:${target.subject}` : `b:${JSON.stringify([target.subject, target.sid])}`
}

/** The keys of all logout targets that include a session. */
export function keysOf({ id, subject, sid }: SessionNames): readonly string[] {
  const own = [targetKey({ id }), targetKey({ subject })]
  return sid === undefined ? own : [...own, targetKey({ sid }), targetKey({ subject, sid })]
}

/** Remembers logouts in this process only: they are lost on restart, and other processes do not see them. */
export class ProcessRevocations implements SessionRevocations {
  readonly #times: LRUCache<string, number>
  readonly #listeners = new Set<LogoutListener>()

  /** @param seconds - the maximum lifetime of a session */
  constructor(runtime: Runtime, seconds: number) {
    const ttl = Math.ceil(seconds * 1000)
    this.#times = new LRUCache({ max: maxRevocations, ttl, perf: runtime, ttlResolution: 0 })
  }

  revoke(target: LogoutTarget, at: number): void {
    const key = targetKey(target)
    this.#times.set(key, Math.max(at, this.#times.get(key) ?? 0))
    for (const listener of this.#listeners) listener(target, at)
  }

  latest(names: () => SessionNames): number {
    if (this.#times.size === 0) return 0
    return Math.max(...keysOf(names()).map((key) => this.#times.get(key) ?? 0))
  }

  onRevoke(listener: LogoutListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
