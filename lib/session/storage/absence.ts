import type { Runtime } from '../../base/runtime.js'
import type { OidcErrorDetails } from '../../error-details.js'
import { clocksOf, isAlive, type SessionLimits } from '../lifetime.js'
import { beganAt, type SessionPlace, type SessionRecord } from '../record.js'

/** Why there is no session, and the option that says so. */
export type SessionAbsence = Pick<OidcErrorDetails, 'seen' | 'option'>

/** What absences there are. */
export const absences = {
  noCookie: { seen: 'no cookie' },
  noMember: { seen: 'a req.session in which nobody is signed in', option: 'session.use' },
  otherSecret: { seen: 'a cookie that no "secret" opens, or of another issuer or clientId', option: 'secret' },
  otherVersion: { seen: 'a cookie of another version of express-oidc' },
  otherBaseUrl: { seen: 'a session of another base URL', option: 'baseUrls' },
  foreignSocket: { seen: 'a WebSocket that a page of another site opened' },
  idle: { seen: 'ended (idle)', option: 'session.idleSeconds' },
  absolute: { seen: 'ended (absolute)', option: 'session.absoluteSeconds' },
  revoked: { seen: 'ended by a logout, sessions of several people, or of a provider that is gone' },
  lost: { seen: 'no longer in the session store, ended by a logout, or of another base URL' },
} as const satisfies Readonly<Record<string, SessionAbsence>>

/** Why a session does not count that was decrypted; without a record, another version wrote it. */
export function absenceOf(
  record: SessionRecord | undefined,
  place: SessionPlace | undefined,
  { runtime, limits }: { readonly runtime: Runtime; readonly limits: SessionLimits },
): SessionAbsence {
  if (record === undefined) return absences.otherVersion
  if (!beganAt(record, place)) return absences.otherBaseUrl
  const now = Math.floor(runtime.now() / 1000)
  if (isAlive(record, limits, now)) return absences.revoked
  return now < clocksOf(record, limits).absoluteExpiresAt ? absences.idle : absences.absolute
}
