import { audit, auditReason } from '../../base/audit/audit.js'
import type { AuditedSessionEnd } from '../../base/audit/event.js'
import { type OidcError, SessionError } from '../../errors.js'
import { auditedSession } from '../../session/audited-session.js'
import type { SessionRecord } from '../../session/record.js'
import type { RelyingPartyWith } from '../relying-party.js'

/** Reports that the provider has refused a refresh token, which ends the session. */
export function auditRefusal(rp: RelyingPartyWith<'configuration'>, record: SessionRecord, error: OidcError): void {
  const reason = auditReason(error instanceof SessionError ? error.cause : error)
  audit(() => ({ name: 'refresh_failed', reason, of: rp.configuration, ...auditedSession(record) }))
  auditEnd(rp, record, 'refresh_refused')
}

/** Reports that a session has ended while its tokens were to be renewed. */
export function auditEnd(
  { configuration: of }: RelyingPartyWith<'configuration'>,
  record: SessionRecord,
  reason: AuditedSessionEnd,
): void {
  audit(() => ({ name: 'session_ended', reason, of, ...auditedSession(record) }))
}
