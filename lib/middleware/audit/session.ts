import { hash } from 'node:crypto'
import { audit } from '../../base/audit/audit.js'
import { createGrowingCache } from '../../base/cache/growing-cache.js'
import { systemRuntime } from '../../base/runtime.js'
import type { SessionAbsence } from '../../session/storage/absence.js'
import type { RequestContext } from '../session/request-context.js'

// Browsers send several requests at once, and some cookies come with every request: one event for each session is enough.
const reported = createGrowingCache<true>({ max: 10_000, milliseconds: 3_600_000, runtime: systemRuntime })

/** Reports that the session which the browser has brought does not count, or no longer. */
export function auditLostSession(request: RequestContext): void {
  if (request.session.current() !== undefined) return
  const { reason, names } = absenceOf(request)
  if (reason === undefined) return
  const key = hash('sha256', `${reason} ${names?.id ?? request.httpRequest.header('cookie') ?? ''}`, 'base64url')
  if (reported.has(key)) return
  reported.set(key, true)
  const { configuration: of } = request.only ?? request.application
  audit(() => ({ name: 'session_ended', reason, of, subject: names?.subject, sessionId: names?.id }))
}

function absenceOf(request: RequestContext): SessionAbsence {
  const absence = request.sessionAbsence()
  // That session is among the others too: a login or logout ends it.
  if (absence.reason === 'device_lost') return absence
  return request.session.others().length > 0 ? { reason: 'several_people' } : absence
}
