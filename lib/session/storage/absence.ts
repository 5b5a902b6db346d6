import type { AuditedSessionEnd } from '../../base/audit/event.js'
import { nowSeconds, type Runtime } from '../../base/runtime.js'
import type { OidcErrorDetails } from '../../error-details.js'
import { clocksOf, isAlive, type SessionLimits } from '../lifetime.js'
import { namesOf, type SessionNames } from '../revocation/revocations.js'
import { beganAt, type SessionPlace, type SessionRecord } from '../record.js'

/** Why there is no session, and the option that says so. */
export interface SessionAbsence extends Pick<OidcErrorDetails, 'seen' | 'option'> {
  /** Why the session that the browser has brought does not count; absent if it has brought none. */
  readonly reason?: AuditedSessionEnd
  /** Which session it was, if that is known. For the audit stream only: `subject` is personal data. */
  readonly names?: Pick<SessionNames, 'id' | 'subject'>
}

/** What absences there are. */
export const absences = {
  noCookie: { seen: 'no cookie' },
  noMember: { seen: 'a req.session in which nobody is signed in', option: 'session.use' },
  otherSecret: {
    seen: 'a cookie that no "secret" opens, or of another issuer or clientId',
    option: 'secret',
    reason: 'tampered',
  },
  otherVersion: { seen: 'a cookie of another version of express-oidc' },
  otherBaseUrl: { seen: 'a session of another base URL', option: 'baseUrls' },
  foreignSocket: { seen: 'a WebSocket that a page of another site opened' },
  idle: { seen: 'ended (idle)', option: 'session.idleSeconds', reason: 'idle' },
  absolute: { seen: 'ended (absolute)', option: 'session.absoluteSeconds', reason: 'absolute' },
  revoked: { seen: 'ended by a logout, or sessions of several people', reason: 'revoked' },
  otherProvider: { seen: 'a session of a provider that is gone, or another one now', reason: 'provider_changed' },
  unproven: {
    seen: 'a session of another device, or without its proof',
    option: 'session.deviceBound',
    reason: 'device_lost',
  },
  lost: { seen: 'no longer in the session store, ended by a logout, or of another base URL', reason: 'revoked' },
} as const satisfies Readonly<Record<string, SessionAbsence>>

/** Why a session does not count that was decrypted; without a record, another version wrote it. */
export function absenceOf(
  record: SessionRecord | undefined,
  place: SessionPlace | undefined,
  { runtime, limits }: { readonly runtime: Runtime; readonly limits: SessionLimits },
): SessionAbsence {
  if (record === undefined) return absences.otherVersion
  if (!beganAt(record, place)) return absences.otherBaseUrl
  return { ...endOf(record, nowSeconds(runtime), limits), names: namesOf(record) }
}

function endOf(record: SessionRecord, now: number, limits: SessionLimits): SessionAbsence {
  if (isAlive(record, limits, now)) return absences.revoked
  return now < clocksOf(record, limits).absoluteExpiresAt ? absences.idle : absences.absolute
}
