import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { auditChannel } from '../base/audit/audit.js'
import type { AuditEvent, AuditEventName } from '../base/audit/event.js'
import { isAuditEvent } from './on-audit.js'
import { counter, type Count, type MeterLike, type MetricAttributes } from './instruments.js'

/** Counts audit events by their outcome and codes. Returns a function that ends it. */
export function recordEvents(meter: MeterLike): () => void {
  const counters = countersOf(meter)
  const count = (event: unknown): void => {
    if (isAuditEvent(event)) counters[event.name]?.(attributesOf(event))
  }
  subscribe(auditChannel, count)
  return () => void unsubscribe(auditChannel, count)
}

function countersOf(meter: MeterLike): Readonly<Partial<Record<AuditEventName, Count>>> {
  const logins = counter(meter, 'express_oidc.logins', 'login', 'Logins that were finished or have failed')
  const logouts = counter(meter, 'express_oidc.logouts', 'logout', 'Logouts of every kind, and those that were refused')
  const denials = counter(
    meter,
    'express_oidc.denials',
    'request',
    'Requests of known people that guards did not let pass',
  )
  const signals = counter(meter, 'express_oidc.signals', 'event', 'Security events of transmitters')
  return {
    login_succeeded: logins,
    step_up_succeeded: logins,
    login_failed: logins,
    logout: logouts,
    logout_refused: logouts,
    session_ended: counter(
      meter,
      'express_oidc.sessions.ended',
      'session',
      'Sessions that expired, were revoked or were rejected',
    ),
    access_denied: denials,
    step_up_requested: denials,
    cross_site_refused: denials,
    signal_received: signals,
    signal_refused: signals,
  }
}

// Words and codes of closed sets. The type of a signal is left out: its transmitter chooses it.
function attributesOf(event: AuditEvent): MetricAttributes {
  const reason = event.name === 'session_ended' ? 'express_oidc.reason' : 'error.type'
  return {
    'express_oidc.outcome': event.outcome,
    ...('reason' in event ? { [reason]: event.reason } : {}),
    ...('via' in event ? { 'express_oidc.logout.via': event.via } : {}),
    ...('requirement' in event ? { 'express_oidc.requirement': event.requirement } : {}),
  }
}
