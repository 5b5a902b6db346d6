import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import { BearerError, ProviderError, TokenValidationError } from '../../lib/errors.js'
import type { Principal } from '../../lib/policy/principal.js'
import { auditRefusedTokens } from '../../lib/resource-server/refused-tokens.js'
import { AuditWatch } from '../kit/watching/audit.js'

const principal: Principal = {
  scheme: 'bearer',
  subject: 'ann',
  issuer: 'https://op.example',
  claims: {},
  scopes: [],
  expiresAt: 0,
}

describe('the audit events of credentials', () => {
  const audited = new AuditWatch()
  beforeEach(() => void audited.take())
  afterAll(() => audited.stop())

  test('are none for valid ones, which stay as they are, at once or later', async () => {
    expect(auditRefusedTokens(() => principal)).toBe(principal)
    await expect(auditRefusedTokens(() => Promise.resolve(principal))).resolves.toBe(principal)
    expect(audited.take()).toEqual([])
  })

  test.each([
    ['the flaw of a token', new BearerError('invalid_token', 'x', { cause: expired() }), 'token_expired'],
    ['the code of a refusal without a cause', new BearerError('invalid_api_key', 'x'), 'invalid_api_key'],
    ['the code of a refusal with a cause of another kind', withForeignCause(), 'invalid_dpop_proof'],
  ])('have %s as their reason, whether it is thrown at once or later', async (_what, error, reason) => {
    const thrown = (): never => {
      throw error
    }
    expect(() => auditRefusedTokens(thrown)).toThrow(error)
    await expect(auditRefusedTokens(() => Promise.reject(error))).rejects.toBe(error)
    expect(audited.take().map((event) => 'reason' in event && event.reason)).toEqual([reason, reason])
  })

  test.each([
    new BearerError('missing_token', 'x'),
    new BearerError('use_dpop_nonce', 'x'),
    new ProviderError('provider_timeout', 'x'),
    new Error('of the application'),
  ])('are none where no credentials were refused: %s', async (error) => {
    await expect(auditRefusedTokens(() => Promise.reject(error))).rejects.toBe(error)
    expect(audited.take()).toEqual([])
  })
})

function expired(): TokenValidationError {
  return new TokenValidationError('token_expired', 'x')
}

function withForeignCause(): BearerError {
  return new BearerError('invalid_dpop_proof', 'x', { cause: new Error('x') })
}
