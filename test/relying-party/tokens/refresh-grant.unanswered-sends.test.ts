import { describe, expect, test } from '@jest/globals'
import { AuthorizationResponseError, type OidcError, ProviderError } from '../../../lib/errors.js'
import { createProvider } from '../../../lib/provider/provider.js'
import { createUnansweredSends, RefreshGrants } from '../../../lib/relying-party/tokens/refresh-grant.js'
import { refreshTokenKey } from '../../../lib/relying-party/tokens/refreshes.js'
import { failureOf } from '../../kit/failure.js'
import { FakeProvider } from '../../kit/provider/provider.js'
import { record } from '../../session/example.js'

/** Refreshes that all fail so, and how often the refresh token counts as sent without a response. */
function failing(error: OidcError) {
  const op = new FakeProvider()
  const attempts = createUnansweredSends(op.clock)
  const provider = { ...createProvider(op.settings, op.client), refresh: () => Promise.reject(error) }
  const grants = new RefreshGrants(provider, op.clock, { unansweredSends: attempts })
  return {
    clock: op.clock,
    refresh: () => grants.refresh(record(), 'refresh-1'),
    sends: () => attempts.get(refreshTokenKey('refresh-1')),
  }
}

const late = new ProviderError('provider_timeout', 'm')

describe('a refresh token', () => {
  test.each(['access_denied', 'authentication_too_weak'] as const)(
    'is used up, and the session over, where the new ID Token is refused with %s',
    async (code) => {
      const error = new AuthorizationResponseError(code, 'm')
      const { refresh, sends } = failing(error)
      expect(await refresh()).toEqual({ kind: 'ended', error })
      expect(sends()).toBeUndefined()
    },
  )

  test('has not been sent where a host of the provider was refused', async () => {
    const { refresh, sends } = failing(new ProviderError('provider_address_refused', 'm'))
    expect(await failureOf(refresh())).toMatchObject({ code: 'provider_address_refused' })
    expect(sends()).toBeUndefined()
  })

  test('that may have been used twice is not sent for a minute, and no longer where the clock is set back', async () => {
    const { clock, refresh } = failing(late)
    const unknown = { code: 'provider_unavailable', message: expect.stringContaining('did not say whether') }
    for (let times = 0; times < 2; times += 1) {
      expect(await failureOf(refresh())).toBe(late)
      clock.advance(5)
    }
    expect(await failureOf(refresh())).toMatchObject({ ...unknown, headers: { 'Retry-After': '55' } })
    clock.advance(-3600)
    expect(await failureOf(refresh())).toBe(late)
  })
})
