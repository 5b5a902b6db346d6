import { SessionError } from '../errors.js'
import type { SessionRecord } from './record.js'

/** The limits of a session, in seconds. */
export interface SessionLimits {
  readonly idleSeconds: number
  readonly absoluteSeconds: number
  readonly rollingStepSeconds: number
}

/** When a session began and when it ends, in seconds since the epoch. */
export interface SessionClocks {
  /** When the person signed in. */
  readonly createdAt: number
  /** When it ends if no more requests come. */
  readonly idleExpiresAt: number
  /** When it ends in any case, fixed at login. */
  readonly absoluteExpiresAt: number
}

/** When a session began, and was last used. */
type SessionMoments = Pick<SessionRecord, 'createdAt' | 'touchedAt'>

/** When a session ends, by its record and the limits. */
export function clocksOf(record: SessionMoments, limits: SessionLimits): SessionClocks {
  const createdAt = Math.floor(record.createdAt)
  const absoluteExpiresAt = createdAt + limits.absoluteSeconds
  const idleExpiresAt = Math.min(record.touchedAt + limits.idleSeconds, absoluteExpiresAt)
  return { createdAt, idleExpiresAt, absoluteExpiresAt }
}

/** Whether a session is still valid, by the current limits and not by those it was sealed with. */
export function isAlive(record: SessionMoments, limits: SessionLimits, nowSeconds: number): boolean {
  return nowSeconds < clocksOf(record, limits).idleExpiresAt
}

/** Whether the session should be saved again to extend its idle limit. */
export function isRollingDue(record: SessionRecord, limits: SessionLimits, nowSeconds: number): boolean {
  const { idleExpiresAt, absoluteExpiresAt } = clocksOf(record, limits)
  return idleExpiresAt < absoluteExpiresAt && nowSeconds - record.touchedAt >= Math.max(1, limits.rollingStepSeconds)
}

/** Returns the record with an extended idle limit if that is due, otherwise the same object. */
export function extendIdleLimit(record: SessionRecord, limits: SessionLimits, nowSeconds: number): SessionRecord {
  return isRollingDue(record, limits, nowSeconds) ? { ...record, touchedAt: nowSeconds } : record
}

/** A call that needs a session, without one; `call` begins the message. */
export function sessionMissing(call: string): SessionError {
  return new SessionError('session_missing', `${call} needs someone to be signed in: put requireAuth() before it`)
}

/** A write to a session that a logout, or its lifetime, has ended. */
export function sessionEnded(): SessionError {
  return new SessionError('session_missing', 'the session has ended during the request')
}
