import type { Runtime } from '../../../base/runtime.js'
import type { SessionLimits } from '../../../session/lifetime.js'
import type { SessionPlace } from '../../../session/record.js'
import { absenceOf, absences, type SessionAbsence } from '../../../session/storage/absence.js'
import type { RequestSession } from './application-session.js'
import type { RequestSeal } from './request-seal.js'

interface AbsenceSettings {
  readonly runtime: Runtime
  readonly limits: SessionLimits
  readonly seal: RequestSeal
}

/** Why no login counts in the application's session, for logs. */
export function absenceIn(
  session: RequestSession | undefined,
  place: SessionPlace | undefined,
  settings: AbsenceSettings,
): SessionAbsence {
  if (session === undefined || !settings.seal.isIn(session)) return absences.noMember
  const opened = settings.seal.open(session)
  return opened === undefined ? absences.otherSecret : absenceOf(opened.record, place, settings)
}
