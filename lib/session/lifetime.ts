import type { SessionRecord } from './record.js'

/** The limits of a session, in seconds. */
export interface SessionLimits {
  readonly idleSeconds: number
  readonly absoluteSeconds: number
  readonly rollingStepSeconds: number
}

/** When a session ends. Seconds since the epoch. */
export interface SessionClocks {
  readonly createdAt: number
  /** Without further requests. */
  readonly idleExpiresAt: number
  /** Whatever happens: fixed at login. */
  readonly absoluteExpiresAt: number
}

/** The clocks of a record. */
export function clocksOf(record: SessionRecord, limits: SessionLimits): SessionClocks {
  const createdAt = Math.floor(record.createdAt)
  const absoluteExpiresAt = createdAt + limits.absoluteSeconds
  const idleExpiresAt = Math.min(record.touchedAt + limits.idleSeconds, absoluteExpiresAt)
  return { createdAt, idleExpiresAt, absoluteExpiresAt }
}

/** Whether a record still counts. The limits are those of today's configuration, not those it was sealed under. */
export function isAlive(record: SessionRecord, limits: SessionLimits, nowSeconds: number): boolean {
  return nowSeconds < clocksOf(record, limits).idleExpiresAt
}

/** Whether the cookie should be written anew so that the idle limit moves on. */
export function isRollingDue(record: SessionRecord, limits: SessionLimits, nowSeconds: number): boolean {
  const { idleExpiresAt, absoluteExpiresAt } = clocksOf(record, limits)
  return idleExpiresAt < absoluteExpiresAt && nowSeconds - record.touchedAt >= Math.max(1, limits.rollingStepSeconds)
}

/** The record with its idle limit moved on, where that is due; else the same object. */
export function rolled(record: SessionRecord, limits: SessionLimits, nowSeconds: number): SessionRecord {
  return isRollingDue(record, limits, nowSeconds) ? { ...record, touchedAt: nowSeconds } : record
}
