import { afterAll, describe, expect, test } from '@jest/globals'
import { SessionError, TokenEndpointError, TokenValidationError } from '../../../lib/errors.js'
import type { RelyingPartyWith } from '../../../lib/relying-party/relying-party.js'
import { currentAccessToken } from '../../../lib/relying-party/tokens/access-token.js'
import { auditRefusal } from '../../../lib/relying-party/tokens/refresh-audit.js'
import { Clock } from '../../kit/clock.js'
import { AuditWatch } from '../../kit/watching/audit.js'
import { answering } from '../../kit/world/applications.js'
import { startWorld } from '../../kit/world/world.js'
import { record } from '../../session/example.js'

const audited = new AuditWatch()
afterAll(() => audited.stop())

describe('a refresh token that is refused', () => {
  const rp = { configuration: { issuer: 'https://op.example', clientId: 'web' } } as RelyingPartyWith<'configuration'>

  test.each([
    ['what the provider said', sessionExpired(new TokenEndpointError('invalid_grant', 'x')), 'invalid_grant'],
    ['what is wrong with the new ID Token', new TokenValidationError('subject_mismatch', 'x'), 'subject_mismatch'],
  ])('is reported with %s, beside the end of its session', (_what, error, reason) => {
    audited.take()
    auditRefusal(rp, record(), error)
    const whose = { issuer: 'https://op.example', clientId: 'web', subject: 'alice', session: expect.any(String) }
    expect(audited.take()).toMatchObject([
      { name: 'refresh_failed', outcome: 'failure', reason, ...whose },
      { name: 'session_ended', outcome: 'success', reason: 'refresh_refused', ...whose },
    ])
  })
})

test('an ID Token that is validated late, and belongs to another login, is reported as a refresh that failed', async () => {
  const error = new TokenValidationError('subject_mismatch', 'x')
  const rp = {
    configuration: { issuer: 'https://op.example', clientId: 'web', scope: 'openid', resource: [] },
    grants: { unverified: { has: () => true, validate: async () => ({ kind: 'ended', error }) } },
    runtime: new Clock(),
  }
  const session = { current: () => record(), canStore: () => true, clear: async () => undefined }
  audited.take()
  await expect(currentAccessToken(rp as never, session as never)).rejects.toBe(error)
  expect(audited.take()).toMatchObject([
    { name: 'refresh_failed', reason: 'subject_mismatch', subject: 'alice' },
    { name: 'session_ended', reason: 'refresh_refused', subject: 'alice' },
  ])
})

test('one refusal is reported once, however many requests wait for it', async () => {
  let isRevoked = false
  const faulty: typeof fetch = async (url, init) =>
    isRevoked && String(url).endsWith('/token')
      ? Response.json({ error: 'invalid_grant' }, { status: 400 })
      : fetch(url, init)
  const layers = [answering('/token', async ({ oidc }) => void (await oidc.accessToken({ minTtl: 600 })))]
  const world = await startWorld({ oidc: { fetch: faulty }, provider: { accessTokenTtl: 60 }, layers })
  await world.signIn()
  audited.take()
  isRevoked = true
  world.clock.advance(45)
  await Promise.all([1, 2, 3].map(() => world.browser.fetch(world.url('/token'))))
  expect(audited.take().filter(({ name }) => name === 'refresh_failed')).toMatchObject([
    { reason: 'invalid_grant', subject: 'alice', path: '/token' },
  ])
  await world.close()
})

function sessionExpired(cause: TokenEndpointError): SessionError {
  return new SessionError('session_expired', 'x', { cause })
}
