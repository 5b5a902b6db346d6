import { redactedCause } from '../../base/error-cause.js'

/** Warns that a listener of audit events has failed. What it threw may hold an event, so only its class and code are named. */
export function warnOfAuditListener(error: unknown): void {
  const what = redactedCause(error)?.message ?? 'what it threw is not an error'
  process.emitWarning(`a listener of onAudit() has failed (${what}): events may be missing from your log`, {
    type: 'ExpressOidcWarning',
    code: 'EXPRESS_OIDC_AUDIT_LISTENER',
  })
}
