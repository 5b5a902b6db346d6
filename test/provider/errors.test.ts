import { ownError } from '../../lib/base/error-cause.js'
import { outage } from '../../lib/base/outage.js'
import { describe, expect, test } from '@jest/globals'
import { ProviderError } from '../../lib/errors.js'
import { tokenEndpointFailure } from '../../lib/provider/errors.js'

describe('the mapping of errors', () => {
  test('passes our own errors through any wrapping, within four layers', () => {
    const own = new ProviderError('provider_timeout', 'x')
    const wrap = (depth: number): unknown => (depth === 0 ? own : new Error('wrapped', { cause: wrap(depth - 1) }))
    expect(ownError(wrap(4))).toBe(own)
    expect(ownError(wrap(5))).toBeUndefined()
    expect(tokenEndpointFailure(wrap(2))).toBe(own)
  })

  test.each([undefined, null, 'x', new Error('x'), new Error('x', { cause: 'y' }), new Error('x', { cause: {} })])(
    'reports a token request that fails with %p as one without a token response',
    (error) => {
      expect(tokenEndpointFailure(error)).toMatchObject({ code: 'token_response_invalid', status: 502 })
    },
  )

  test('says when to come back after an outage', () => {
    expect(outage('provider_unavailable', 'x')).toMatchObject({ status: 503, headers: { 'Retry-After': '5' } })
    expect(outage('provider_unavailable', 'x', 9).headers).toEqual({ 'Retry-After': '9' })
  })
})
