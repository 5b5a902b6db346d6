import { describe, expect, test } from '@jest/globals'
import { toOcsf } from '../../lib/telemetry/index.js'
import { bareEvents, fullEvents } from '../kit/watching/audit-events.js'

type Members = Readonly<Record<string, unknown>>

/** What OCSF 1.3.0 says of the two classes: their category, their activities, and what every event of them must have. */
const classes: Readonly<
  Record<number, { category: number; activities: readonly number[]; required: readonly string[] }>
> = {
  3002: { category: 3, activities: [0, 1, 2, 3, 4, 5, 6, 99], required: ['user', 'service'] },
  6003: { category: 6, activities: [0, 1, 2, 3, 4, 99], required: ['actor', 'api', 'src_endpoint'] },
}
const required = ['activity_id', 'category_uid', 'class_uid', 'type_uid', 'severity_id', 'time', 'metadata']

/** What the schema says that an event lacks or has in excess. */
function flawsOf(event: Members): readonly string[] {
  const { class_uid: uid, category_uid, activity_id: activity, type_uid, status_id, severity_id, time } = event
  const known = classes[Number(uid)]
  const { user } = (event['actor'] ?? event) as { user?: Members }
  const { product, version } = event['metadata'] as { product?: Members; version?: unknown }
  const request = event['http_request'] as Members | undefined
  const checks: Readonly<Record<string, boolean>> = {
    class: known !== undefined,
    category: category_uid === known?.category,
    activity: known?.activities.includes(Number(activity)) === true,
    type: type_uid === Number(uid) * 100 + Number(activity),
    'a name for another activity': activity !== 99 || typeof event['activity_name'] === 'string',
    status: [0, 1, 2, 99].includes(Number(status_id)),
    severity: [0, 1, 2, 3, 4, 5, 6, 99].includes(Number(severity_id)),
    'milliseconds of time': Number.isInteger(time),
    'the version of the schema': version === '1.3.0',
    product: typeof product?.['name'] === 'string' && typeof product['vendor_name'] === 'string',
    'one of name, uid and account of a user': ['name', 'uid', 'account'].some((name) => user?.[name] !== undefined),
    'what a request must have': request === undefined || typeof request['http_method'] === 'string',
  }
  const missing = [...required, ...(known?.required ?? [])].filter((name) => event[name] === undefined)
  return [...missing, ...Object.keys(checks).filter((name) => checks[name] !== true)]
}

describe('an audit event in OCSF', () => {
  test.each(Object.entries(fullEvents))('has what the schema requires of %s', (_name, event) => {
    expect(flawsOf(toOcsf(event))).toEqual([])
  })

  test.each(bareEvents)('has it where nothing is known of the request and the person: $name', (event) => {
    const written = toOcsf(event)
    expect(flawsOf(written)).toEqual([])
    expect(JSON.stringify(written)).not.toContain('null')
    expect(written).not.toHaveProperty('http_request')
  })

  test('is a logon of the person at the client, for a login', () => {
    expect(toOcsf(fullEvents.login_succeeded)).toEqual({
      class_uid: 3002,
      category_uid: 3,
      activity_id: 1,
      activity_name: 'Logon',
      type_uid: 300201,
      time: Date.parse('2026-01-02T03:04:05.678Z'),
      severity_id: 1,
      severity: 'Informational',
      status_id: 1,
      status: 'Success',
      message: 'login_succeeded',
      auth_protocol_id: 4,
      auth_protocol: 'OpenID',
      user: { uid: 'ann', type_id: 1, domain: 'https://op.example' },
      service: { name: 'web' },
      session: { uid: 'hash-of-the-session', issuer: 'https://op.example' },
      src_endpoint: { ip: '192.0.2.1' },
      http_request: { http_method: 'GET', url: { path: '/orders' }, user_agent: 'Browser/1.0', uid: 'r-1' },
      metadata: {
        version: '1.3.0',
        product: { name: 'express-oidc', vendor_name: 'express-oidc' },
        event_code: 'login_succeeded',
        log_name: 'express-oidc:audit',
        correlation_uid: '4bf92f3577b34da6a3ce929d0e0e4736',
      },
      unmapped: { provider: 'work', acr: 'urn:mfa', amr: ['pwd', 'otp'], traceId: '4bf92f3577b34da6a3ce929d0e0e4736' },
    })
  })

  test('is an API activity of the person, with the reason, for a refusal by a guard', () => {
    expect(toOcsf(fullEvents.access_denied)).toMatchObject({
      class_uid: 6003,
      activity_name: 'access_denied',
      status: 'Failure',
      status_code: 'not_allowed',
      actor: { user: { uid: 'ann' }, session: { uid: 'hash-of-the-session' } },
      api: { operation: 'GET /orders', service: { name: 'web' } },
      unmapped: { requirement: 'scope' },
    })
  })

  test('is a logoff for whatever ends a session', () => {
    for (const name of ['logout', 'session_ended'] as const)
      expect(toOcsf(fullEvents[name])).toMatchObject({ activity_name: 'Logoff', type_uid: 300202 })
  })

  test.each(['unknown', '192.0.2.1:49152', '999.1.1.1', 'fe80::1%eth0'])(
    'an address that a SIEM would refuse, and the record with it, is a name only: %s',
    (ip) => {
      for (const event of [fullEvents.login_failed, fullEvents.access_denied])
        expect(toOcsf({ ...event, ip })).toMatchObject({ src_endpoint: { name: ip } })
    },
  )

  test('an IPv6 address in an audit event is written to the field for IP addresses', () => {
    const ip = '2001:db8::1'
    expect(toOcsf({ ...fullEvents.access_denied, ip })).toMatchObject({ src_endpoint: { ip } })
  })
})
