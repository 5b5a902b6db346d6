import type { AuditEvent, AuditEventName } from '../base/audit/event.js'
import { omitUndefined } from '../base/json.js'
import { isAddress } from './address.js'

/** The version of the schema that {@link toEcs} writes. */
const version = '8.11.0'

/** Values of `event.category` and `event.type`. */
const categories: Readonly<Record<AuditEventName, readonly [category: readonly string[], type: string]>> = {
  login_succeeded: [['authentication', 'session'], 'start'],
  login_failed: [['authentication'], 'start'],
  step_up_requested: [['authentication'], 'info'],
  step_up_succeeded: [['authentication', 'session'], 'start'],
  refresh_failed: [['authentication'], 'info'],
  logout: [['authentication', 'session'], 'end'],
  logout_refused: [['session'], 'info'],
  session_migrated: [['session'], 'start'],
  session_ended: [['session'], 'end'],
  signal_received: [['iam'], 'info'],
  signal_refused: [['iam'], 'info'],
  device_bound: [['session'], 'info'],
  device_refused: [['session'], 'info'],
  token_refused: [['authentication'], 'info'],
  access_denied: [['web'], 'access'],
  cross_site_refused: [['web'], 'access'],
}

/**
 * An audit event with the field names of the Elastic Common Schema, version 8.11. `labels` has what the schema has no field for,
 * such as the hash of the session.
 *
 * @example
 * ```ts
 * import { onAudit, toEcs } from 'express-oidc/telemetry'
 *
 * onAudit((event) => console.log(JSON.stringify(toEcs(event))))
 * ```
 *
 * @see https://www.elastic.co/guide/en/ecs/8.11/ecs-event.html
 */
export function toEcs(event: AuditEvent): Readonly<Record<string, unknown>> {
  const [category, type] = categories[event.name]
  const { subject, ip, userAgent, method, path, requestId, traceId, clientId } = event
  return omitUndefined({
    '@timestamp': event.time,
    ecs: { version },
    message: event.name,
    event: omitUndefined({
      kind: 'event',
      category,
      type: [type],
      action: event.name,
      outcome: event.outcome,
      reason: 'reason' in event ? event.reason : undefined,
      provider: 'express-oidc',
      dataset: 'express-oidc.audit',
    }),
    user: part({ id: subject }),
    source: ip === undefined ? undefined : isAddress(ip) ? { ip } : { address: ip },
    user_agent: part({ original: userAgent }),
    http: part({ request: part({ id: requestId, method }) }),
    url: part({ path }),
    trace: part({ id: traceId }),
    service: part({ name: clientId }),
    labels: labelsOf(event),
  })
}

/** The members that are there; `undefined` if none is. */
function part(members: object): object | undefined {
  const known = omitUndefined(members)
  return Object.keys(known).length === 0 ? undefined : known
}

const labelNames: Readonly<Record<string, string>> = {
  issuer: 'oidc_issuer',
  provider: 'oidc_provider',
  session: 'oidc_session',
  via: 'oidc_logout',
  requirement: 'oidc_requirement',
  signal: 'oidc_signal',
  acr: 'oidc_acr',
  amr: 'oidc_amr',
}

// Labels are texts: the schema takes no lists there.
function labelsOf(event: AuditEvent): object | undefined {
  const labels: Record<string, unknown> = {}
  for (const [name, value] of Object.entries<unknown>({ ...event })) {
    const label = labelNames[name]
    if (label !== undefined) labels[label] = Array.isArray(value) ? value.join(' ') : value
  }
  return part(labels)
}
