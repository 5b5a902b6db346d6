import type { AuditEvent, AuditEventName } from '../../../lib/telemetry/index.js'

const origin = {
  ip: '192.0.2.1',
  userAgent: 'Browser/1.0',
  requestId: 'r-1',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  method: 'GET',
  path: '/orders',
}
const common = {
  time: '2026-01-02T03:04:05.678Z',
  issuer: 'https://op.example',
  clientId: 'web',
  provider: 'work',
  subject: 'ann',
  session: 'hash-of-the-session',
  ...origin,
}
const success = { ...common, outcome: 'success' } as const
const failure = { ...common, outcome: 'failure' } as const

/** An event of each name, with all that it may hold. */
export const fullEvents: Readonly<Record<AuditEventName, AuditEvent>> = {
  login_succeeded: { name: 'login_succeeded', acr: 'urn:mfa', amr: ['pwd', 'otp'], ...success },
  login_failed: { name: 'login_failed', reason: 'state_mismatch', ...failure },
  step_up_requested: { name: 'step_up_requested', requirement: 'acr', ...common, outcome: 'unknown' },
  step_up_succeeded: { name: 'step_up_succeeded', acr: 'urn:mfa', ...success },
  refresh_failed: { name: 'refresh_failed', reason: 'invalid_grant', ...failure },
  logout: { name: 'logout', via: 'backchannel', ...success },
  logout_refused: { name: 'logout_refused', via: 'backchannel', reason: 'token_audience_mismatch', ...failure },
  session_migrated: { name: 'session_migrated', ...success },
  session_ended: { name: 'session_ended', reason: 'idle', ...success },
  signal_received: { name: 'signal_received', signal: 'https://schemas.example/session-revoked', ...success },
  signal_refused: { name: 'signal_refused', reason: 'token_signature_invalid', ...failure },
  device_bound: { name: 'device_bound', ...success },
  device_refused: { name: 'device_refused', reason: 'token_signature_invalid', ...failure },
  token_refused: { name: 'token_refused', reason: 'token_expired', ...failure },
  access_denied: { name: 'access_denied', reason: 'not_allowed', requirement: 'scope', ...failure },
  cross_site_refused: { name: 'cross_site_refused', reason: 'cross_site_request', ...failure },
}

const time = '2026-01-02T03:04:05.678Z'

/** Events of which nothing else is known, such as those without a request. */
export const bareEvents: readonly AuditEvent[] = [
  { name: 'login_failed', reason: 'unexpected_error', outcome: 'failure', time },
  { name: 'signal_received', signal: 'x', outcome: 'success', time },
  { name: 'access_denied', reason: 'not_allowed', requirement: 'x', outcome: 'failure', time },
]
