import type { AuditEntry } from '../base/audit/audit.js'
import { idTokenClaims } from './claims.js'
import type { SessionRecord } from './record.js'

/** Who a session is of, and which one it is, for audit events. */
export function auditedSession(record: SessionRecord): Required<Pick<AuditEntry, 'subject' | 'sessionId'>> {
  return { subject: idTokenClaims(record).sub, sessionId: record.id }
}
