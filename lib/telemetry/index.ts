export { onAudit } from './on-audit.js'
export { recordMetrics } from './metrics.js'
export { toEcs } from './ecs.js'
export { toOcsf } from './ocsf.js'

export type { MeterLike, MetricAttributes, MetricOptionsLike } from './instruments.js'
export type {
  AuditedLogout,
  AuditedSessionEnd,
  AuditEvent,
  AuditEventName,
  AuditFacts,
  AuditOrigin,
  AuditReason,
  AuditSubject,
} from '../base/audit/event.js'
