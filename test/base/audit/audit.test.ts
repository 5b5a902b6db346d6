import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createHash } from 'node:crypto'
import { audit, auditChannel, auditReason, isAudited, withAuditedRequest } from '../../../lib/base/audit/audit.js'
import type { AuditEvent } from '../../../lib/base/audit/event.js'
import { ProviderError } from '../../../lib/errors.js'

const seen: AuditEvent[] = []
const listener = (event: unknown) => void seen.push(event as AuditEvent)

afterEach(() => {
  unsubscribe(auditChannel, listener)
  seen.length = 0
})

describe('the audit stream', () => {
  test('is a channel of its own, by a name that does not change', () => {
    expect(auditChannel).toBe('express-oidc:audit')
  })

  test('builds no event, and keeps no request, while nobody listens', () => {
    const entry = jest.fn(() => ({ name: 'device_bound' as const }))
    withAuditedRequest({}, () => audit(entry))
    expect(entry).not.toHaveBeenCalled()
    expect(isAudited()).toBe(false)
  })

  test('publishes an event with its time, its outcome and whom it is about', () => {
    subscribe(auditChannel, listener)
    const before = Date.now()
    const of = { issuer: 'https://op.example', clientId: 'web', clientSecret: 'hidden' }
    audit(() => ({ name: 'login_failed', reason: 'state_mismatch', of, subject: 'ann' }))
    const time = seen[0]?.time ?? ''
    expect(seen[0]).toEqual({
      time,
      name: 'login_failed',
      outcome: 'failure',
      reason: 'state_mismatch',
      issuer: 'https://op.example',
      clientId: 'web',
      subject: 'ann',
    })
    expect(new Date(time).toISOString()).toBe(time)
    expect(Date.parse(time)).toBeGreaterThanOrEqual(before)
    expect(Object.isFrozen(seen[0])).toBe(true)
  })

  test('has the hash of the ID of a session, and never the ID', () => {
    subscribe(auditChannel, listener)
    audit(() => ({ name: 'logout', via: 'local', sessionId: 'the-id' }))
    const hash = createHash('sha256').update('express-oidc audit the-id').digest('base64url')
    expect(seen[0]).toMatchObject({ session: hash })
    expect(JSON.stringify(seen)).not.toContain('the-id')
  })

  test('knows the request that is handled, across what it waits for, and one that is handed in', async () => {
    subscribe(auditChannel, listener)
    await withAuditedRequest({ ip: '192.0.2.1' }, async () => {
      await Promise.resolve()
      audit(() => ({ name: 'device_bound' }))
      audit(() => ({ name: 'device_bound', req: { ip: '192.0.2.2' } }))
    })
    audit(() => ({ name: 'device_bound' }))
    expect(seen.map(({ ip }) => ip)).toEqual(['192.0.2.1', '192.0.2.2', undefined])
  })

  test('explains errors by their code, and those of the application by none of their words', () => {
    expect(auditReason(new ProviderError('provider_timeout', 'x'))).toBe('provider_timeout')
    expect(auditReason(new Error('secret'))).toBe('unexpected_error')
  })
})
