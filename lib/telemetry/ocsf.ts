import type { AuditEvent, AuditEventName } from '../base/audit/event.js'
import { omitUndefined } from '../base/json.js'
import { isAddress } from './address.js'

/** The version of the schema that {@link toOcsf} writes. */
const version = '1.3.0'

/** Activities of the class Authentication. */
const activities = { logon: 1, logoff: 2, other: 99 } as const
const activityNames = { 1: 'Logon', 2: 'Logoff', 99: 'Other' } as const

/** Which activity of Authentication (3002) an event is; `access` is one of the class API Activity (6003). */
const kinds: Readonly<Record<AuditEventName, keyof typeof activities | 'access'>> = {
  login_succeeded: 'logon',
  login_failed: 'logon',
  step_up_requested: 'other',
  step_up_succeeded: 'logon',
  refresh_failed: 'other',
  logout: 'logoff',
  logout_refused: 'logoff',
  session_migrated: 'other',
  session_ended: 'logoff',
  signal_received: 'other',
  signal_refused: 'other',
  device_bound: 'other',
  device_refused: 'other',
  token_refused: 'other',
  access_denied: 'access',
  cross_site_refused: 'access',
}

const statuses = { success: [1, 'Success'], failure: [2, 'Failure'], unknown: [0, 'Unknown'] } as const
const openId = { auth_protocol_id: 4, auth_protocol: 'OpenID' }
const oauth = { auth_protocol_id: 6, auth_protocol: 'OAUTH 2.0' }

/**
 * An audit event as an object of the Open Cybersecurity Schema Framework, version 1.3.0: class Authentication (3002), or API
 * Activity (6003) where a signed-in person or a token was refused. `unmapped` has what the schema has no place for.
 *
 * @example
 * ```ts
 * import { onAudit, toOcsf } from 'express-oidc/telemetry'
 *
 * onAudit((event) => console.log(JSON.stringify(toOcsf(event))))
 * ```
 *
 * @see https://schema.ocsf.io/1.3.0/classes/authentication
 * @see https://schema.ocsf.io/1.3.0/classes/api_activity
 */
export function toOcsf(event: AuditEvent): Readonly<Record<string, unknown>> {
  const kind = kinds[event.name]
  return kind === 'access'
    ? { ...apiActivity(event), ...common(event) }
    : { ...authentication(event, activities[kind]), ...common(event) }
}

function authentication(event: AuditEvent, activity: keyof typeof activityNames): object {
  const { clientId, session, issuer, ip } = event
  return omitUndefined({
    ...classOf(3002, 3, activity),
    activity_name: activity === activities.other ? event.name : activityNames[activity],
    ...(event.name === 'token_refused' ? oauth : openId),
    user: userOf(event),
    service: { name: clientId ?? 'unknown' },
    session: session === undefined ? undefined : omitUndefined({ uid: session, issuer }),
    src_endpoint: ip === undefined ? undefined : endpointOf(ip),
  })
}

function apiActivity(event: AuditEvent): object {
  const { clientId, ip, method = '', path = 'unknown', session, issuer } = event
  return {
    ...classOf(6003, 6, activities.other),
    activity_name: event.name,
    actor: omitUndefined({
      user: userOf(event),
      session: session === undefined ? undefined : omitUndefined({ uid: session, issuer }),
    }),
    api: { operation: `${method} ${path}`.trim(), service: { name: clientId ?? 'unknown' } },
    src_endpoint: endpointOf(ip),
  }
}

function endpointOf(ip = 'unknown'): object {
  return isAddress(ip) ? { ip } : { name: ip }
}

function classOf(classUid: number, categoryUid: number, activity: number): object {
  return { class_uid: classUid, category_uid: categoryUid, activity_id: activity, type_uid: classUid * 100 + activity }
}

// The schema requires a user. It is "unknown" if nobody has proven anything.
function userOf({ subject, issuer }: AuditEvent): object {
  return subject === undefined
    ? { name: 'unknown', type_id: 0 }
    : omitUndefined({ uid: subject, type_id: 1, domain: issuer })
}

function common(event: AuditEvent): object {
  const [statusId, status] = statuses[event.outcome]
  return omitUndefined({
    time: Date.parse(event.time),
    severity_id: event.outcome === 'failure' ? 3 : 1,
    severity: event.outcome === 'failure' ? 'Medium' : 'Informational',
    status_id: statusId,
    status,
    status_code: 'reason' in event ? event.reason : undefined,
    message: event.name,
    metadata: omitUndefined({
      version,
      product: { name: 'express-oidc', vendor_name: 'express-oidc' },
      event_code: event.name,
      log_name: 'express-oidc:audit',
      correlation_uid: event.traceId ?? event.requestId,
    }),
    http_request: requestOf(event),
    unmapped: unmapped(event),
  })
}

function requestOf({ method, path, userAgent, requestId }: AuditEvent): object | undefined {
  if (method === undefined) return undefined
  return omitUndefined({
    http_method: method,
    url: path === undefined ? undefined : { path },
    user_agent: userAgent,
    uid: requestId,
  })
}

const unmappedNames = ['provider', 'via', 'requirement', 'signal', 'acr', 'amr', 'traceId']

function unmapped(event: AuditEvent): object | undefined {
  const found = Object.entries(event).filter(([name]) => unmappedNames.includes(name))
  return found.length === 0 ? undefined : Object.fromEntries(found)
}
