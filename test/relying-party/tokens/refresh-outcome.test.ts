import { describe, expect, test } from '@jest/globals'
import { mainTarget } from '../../../lib/relying-party/tokens/access-target.js'
import { toOutcome } from '../../../lib/relying-party/tokens/refresh-outcome.js'
import type { SessionTokens } from '../../../lib/session/record.js'
import { start } from '../../kit/clock.js'
import { record } from '../../session/example.js'

/** The scopes that a session has after refreshes with these. */
function scopesAfter(tokens: Partial<SessionTokens>, ...granted: readonly string[]): string | undefined {
  let session = record({ tokens: { tokenType: 'bearer', scope: 'openid', refreshToken: 'r-0', ...tokens } })
  for (const [index, scope] of granted.entries()) {
    const refreshed = { accessToken: 'a', tokenType: 'bearer', refreshToken: `r-${index + 1}`, scope }
    const outcome = toOutcome(session, mainTarget, refreshed, start * 1000)
    if (outcome.kind !== 'renewed') return undefined
    session = { ...session, tokens: outcome.tokens }
  }
  return session.tokens.scope
}

describe('the scopes of a session after a refresh', () => {
  test('RF11: are none that its login was not granted', () => {
    expect(scopesAfter({ scope: 'openid a', obtainedAt: start }, 'openid a b')).toBe('openid a')
    expect(scopesAfter({ scope: 'openid a b', obtainedAt: start }, 'openid a', 'openid a b')).toBe('openid a')
  })

  test('RF11: are those of its first one, if it was taken over without them, and then none beside', () => {
    expect(scopesAfter({}, 'openid offline_access orders:read')).toBe('openid offline_access orders:read')
    expect(scopesAfter({}, 'openid a', 'openid a b')).toBe('openid a')
  })
})
