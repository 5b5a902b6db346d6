import { LRUCache } from 'lru-cache'
import { createGrowingCache } from '../../base/cache/growing-cache.js'
import { isAhead } from '../../base/age.js'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
import type { IdTokenClaims } from '../../jose/id-token-claims.js'
import { idTokenClaims } from '../claims.js'
import type { SessionRecord } from '../record.js'

/** The identifiers by which a logout can refer to a session. */
export interface SessionNames {
  readonly id: string
  /** `sub`: the person at this issuer. */
  readonly subject: string
  /** `sid`: the session at the provider (OpenID Connect Back-Channel Logout 1.0 section 2.1). */
  readonly sid?: string
  /** Key of its provider, if the application has several: the other names are unique at one provider only. */
  readonly provider?: string
  /** Issuer of the tenant, if the ID Token names one: `subject` and `sid` are unique at one tenant only. */
  readonly issuer?: string
}

/** What a logout ends: one session by its ID or the hash that stands for it, or all sessions with a `sub`, a `sid`, or both. */
export type LogoutTarget = (
  | { readonly id: string }
  | { readonly hash: string }
  | { readonly subject: string; readonly sid?: string }
  | { readonly sid: string; readonly subject?: never }
) & {
  /** Key of the provider, if the application has several. */
  readonly provider?: string
  /** Issuer of the tenant, if the provider has several. Without it, sessions of all tenants end. */
  readonly issuer?: string
}

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
  /** Whether a logout of a target ends a session with these names, if that began before it. */
  includes(target: LogoutTarget, names: SessionNames): boolean
  /** Calls the listener for each logout that this process sees. Returns a function that removes the listener. */
  onRevoke(listener: LogoutListener): () => void
}

const maxRevocations = 100_000
const maxProviders = 10_000

/** A session's names. */
export function namesOf(record: SessionRecord): SessionNames {
  const claims = idTokenClaims(record)
  const { sub: subject, sid } = claims
  const names = { id: record.id, subject, ...(typeof sid === 'string' ? { sid } : {}) }
  return { ...names, ...providerIn(record), ...tenantIn(claims) }
}

// ID Tokens of a template name in `tid` the tenant that is in `iss`. Others may too, for which there are no logouts of a tenant.
function tenantIn({ iss, tid }: IdTokenClaims): Pick<SessionNames, 'issuer'> {
  return typeof tid === 'string' && tid !== '' && iss.includes(tid) ? { issuer: iss } : {}
}

function providerIn({ provider }: Pick<SessionRecord, 'provider'>): Pick<SessionNames, 'provider'> {
  return provider === undefined ? {} : { provider: provider.key }
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
  record: Pick<SessionRecord, 'id' | 'createdAt' | 'provider'>,
): MaybePromise<void> {
  const { id, createdAt } = record
  return revocations.revoke({ id, ...providerIn(record) }, Math.max(runtime.now(), Math.round(createdAt * 1000)))
}

/** The key of a logout target, unique per target. */
export function logoutTargetKey(target: LogoutTarget): string {
  const key = keyAtTenant(target)
  return target.provider === undefined ? key : JSON.stringify([target.provider, key])
}

function keyAtTenant(target: LogoutTarget): string {
  const key = keyAtIssuer(target)
  return target.issuer === undefined ? key : `t:${JSON.stringify([target.issuer, key])}`
}

function keyAtIssuer(target: LogoutTarget): string {
  if ('id' in target) return `i:${target.id}`
  if ('hash' in target) return `h:${target.hash}`
  if (target.subject === undefined) return `s:${target.sid}`
  return target.sid === undefined ? `p:${target.subject}` : `b:${JSON.stringify([target.subject, target.sid])}`
}

/** The keys of all logout targets that include a session. */
export function keysOf({ id, provider, issuer, ...names }: SessionNames): readonly string[] {
  const at = provider === undefined ? {} : { provider }
  const own = [logoutTargetKey({ id, ...at }), ...sharedKeysOf(names, at)]
  return issuer === undefined ? own : [...own, ...sharedKeysOf(names, { ...at, issuer })]
}

function sharedKeysOf(
  { subject, sid }: Pick<SessionNames, 'subject' | 'sid'>,
  at: Pick<LogoutTarget, 'provider' | 'issuer'>,
): readonly string[] {
  const own = logoutTargetKey({ subject, ...at })
  return sid === undefined ? [own] : [own, logoutTargetKey({ sid, ...at }), logoutTargetKey({ subject, sid, ...at })]
}

/**
 * Remembers logouts in this process only: they are lost on restart, and other processes do not see them. Those of each of several
 * providers are apart, so that however many one of them sends, the others' stay.
 */
export class ProcessRevocations implements SessionRevocations {
  readonly #runtime: Runtime
  readonly #milliseconds: number
  readonly #times = new LRUCache<string, LRUCache<string, number>>({ maxSize: maxProviders, sizeCalculation: () => 1 })
  readonly #listeners = new Set<LogoutListener>()

  /** @param seconds - the maximum lifetime of a session */
  constructor(runtime: Runtime, seconds: number) {
    this.#runtime = runtime
    this.#milliseconds = Math.ceil(seconds * 1000)
  }

  revoke(target: LogoutTarget, at: number): void {
    const key = logoutTargetKey(target)
    const { provider = '' } = target
    const times = this.#times.get(provider) ?? this.#newTimes()
    const latest = Math.max(at, times.get(key) ?? 0)
    // As long as a session may live that began then: after the clock was set back, that is ahead of it.
    times.set(key, latest, { ttl: this.#milliseconds + Math.max(0, Math.ceil(latest - this.#runtime.now())) })
    this.#times.set(provider, times)
    for (const listener of this.#listeners) listener(target, at)
  }

  latest(names: () => SessionNames): number {
    if (this.#times.size === 0) return 0
    const known = names()
    const times = this.#times.get(known.provider ?? '')
    return times === undefined ? 0 : Math.max(...keysOf(known).map((key) => times.get(key) ?? 0))
  }

  includes(target: LogoutTarget, names: SessionNames): boolean {
    return keysOf(names).includes(logoutTargetKey(target))
  }

  onRevoke(listener: LogoutListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #newTimes(): LRUCache<string, number> {
    return createGrowingCache({ max: maxRevocations, milliseconds: this.#milliseconds, runtime: this.#runtime })
  }
}
