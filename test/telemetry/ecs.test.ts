import { describe, expect, test } from '@jest/globals'
import { toEcs } from '../../lib/telemetry/index.js'
import { bareEvents, fullEvents } from '../kit/watching/audit-events.js'

/** Types that ECS expects in the categories which are used. */
const types: Readonly<Record<string, readonly string[]>> = {
  authentication: ['start', 'end', 'info'],
  session: ['start', 'end', 'info'],
  iam: ['admin', 'change', 'creation', 'deletion', 'group', 'info', 'user'],
  web: ['access', 'error', 'info'],
}

describe('an audit event in ECS', () => {
  test.each([...Object.values(fullEvents), ...bareEvents])(
    'has categories and types that belong together: $name',
    (event) => {
      const written = toEcs(event)['event'] as { category: string[]; type: string[]; kind: string; outcome: string }
      expect(written.kind).toBe('event')
      expect(['success', 'failure', 'unknown']).toContain(written.outcome)
      for (const category of written.category) for (const type of written.type) expect(types[category]).toContain(type)
    },
  )

  test('has the fields of the schema, and labels that are texts', () => {
    expect(toEcs(fullEvents.login_succeeded)).toEqual({
      '@timestamp': '2026-01-02T03:04:05.678Z',
      ecs: { version: '8.11.0' },
      message: 'login_succeeded',
      event: {
        kind: 'event',
        category: ['authentication', 'session'],
        type: ['start'],
        action: 'login_succeeded',
        outcome: 'success',
        provider: 'express-oidc',
        dataset: 'express-oidc.audit',
      },
      user: { id: 'ann' },
      source: { ip: '192.0.2.1' },
      user_agent: { original: 'Browser/1.0' },
      http: { request: { id: 'r-1', method: 'GET' } },
      url: { path: '/orders' },
      trace: { id: '4bf92f3577b34da6a3ce929d0e0e4736' },
      service: { name: 'web' },
      labels: {
        oidc_issuer: 'https://op.example',
        oidc_provider: 'work',
        oidc_session: 'hash-of-the-session',
        oidc_acr: 'urn:mfa',
        oidc_amr: 'pwd otp',
      },
    })
  })

  test.each(Object.values(fullEvents))('has nothing that is undefined: $name', (event) => {
    const written = toEcs(event)
    expect(JSON.parse(JSON.stringify(written))).toEqual(written)
  })

  test('has no empty objects where nothing else is known', () => {
    expect(Object.keys(toEcs({ name: 'device_bound', outcome: 'success', time: 'x' })).sort()).toEqual([
      '@timestamp',
      'ecs',
      'event',
      'message',
    ])
  })

  test('has the reason of a failure', () => {
    expect(toEcs(fullEvents.token_refused)).toMatchObject({ event: { outcome: 'failure', reason: 'token_expired' } })
  })

  test.each(['unknown', '192.0.2.1:49152', '999.1.1.1', 'fe80::1%eth0'])(
    'an address that a SIEM would refuse, and the record with it, is a name only: %s',
    (ip) => {
      for (const event of [fullEvents.login_failed, fullEvents.access_denied])
        expect(toEcs({ ...event, ip })).toMatchObject({ source: { address: ip } })
    },
  )

  test('an IPv6 address in an audit event is written to the field for IP addresses', () => {
    const ip = '2001:db8::1'
    expect(toEcs({ ...fullEvents.access_denied, ip })).toMatchObject({ source: { ip } })
  })
})
