import { audit, type AuditEntry, isAudited } from '../../base/audit/audit.js'
import { failedAt } from '../../base/diagnostics.js'
import type { AccessError } from '../../errors.js'
import type { AuthenticationHandler } from '../guard/authentication.js'

/** Reports that a guard does not let a request pass: to tracing channels, and to the audit stream unless just nobody is signed in. */
export function reportRefusal(error: AccessError, handler: AuthenticationHandler | undefined): void {
  failedAt('guard', {}, error)
  if (isAudited()) auditRefusal(error, handler)
}

function auditRefusal({ code, requirement }: AccessError, handler: AuthenticationHandler | undefined): void {
  const who = whoIs(handler)
  if (code === 'cross_site_request') audit(() => ({ name: 'cross_site_refused', reason: code, ...who }))
  else if (requirement === undefined) return
  else if (code === 'not_allowed') audit(() => ({ name: 'access_denied', reason: code, requirement, ...who }))
  else audit(() => ({ name: 'step_up_requested', requirement, ...who }))
}

function whoIs(handler: AuthenticationHandler | undefined): Pick<AuditEntry, 'of' | 'subject' | 'sessionId'> {
  const principal = handler?.principal()
  if (principal === undefined) return {}
  return { of: principal, subject: principal.subject, ...handler?.audited }
}
