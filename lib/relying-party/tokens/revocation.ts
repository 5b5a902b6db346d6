import { isDoneWithin } from '../../base/timers/deadline.js'
import type { SessionTokens } from '../../session/record.js'
import type { RelyingPartyWith } from '../relying-party.js'

/** The parts of a relying party that revoke tokens. */
export type RevocationParts = RelyingPartyWith<'configuration' | 'runtime', 'revokeToken'>

const maxMilliseconds = 1_000

/**
 * Revokes the refresh token of an ended session, or its access token if there is none (RFC 7009 section 2). It never
 * fails, and takes a second at most: a logout must not wait for a provider that is down.
 */
export async function revokeTokens(rp: RevocationParts, tokens: SessionTokens): Promise<void> {
  if (!rp.configuration.logout.revoke || isWorthless(rp, tokens)) return
  const { accessToken, refreshToken } = tokens
  const revoked =
    refreshToken === undefined
      ? rp.provider.revokeToken(accessToken ?? '', 'access_token')
      : rp.provider.revokeToken(refreshToken, 'refresh_token')
  await isDoneWithin(
    revoked.catch(() => undefined),
    maxMilliseconds,
  )
}

function isWorthless({ runtime }: RevocationParts, tokens: SessionTokens): boolean {
  const { accessToken, refreshToken, expiresAt = Infinity } = tokens
  return refreshToken === undefined && (accessToken === undefined || expiresAt * 1000 <= runtime.now())
}
