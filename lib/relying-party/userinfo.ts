import { SessionError, TokenValidationError } from '../errors.js'
import { parseUserinfoOptions, type UserinfoOptions } from '../options/userinfo-options.js'
import { idTokenClaims } from '../session/claims.js'
import type { RelyingParty } from './party.js'
import { currentAccessToken } from './refresh.js'
import type { RefreshableSession } from './renewal.js'
import type { UserinfoClaims } from './userinfo-memory.js'

/**
 * The person's claims from the userinfo endpoint, or what it said a short time ago (OpenID Connect Core section 5.3).
 * Another `sub` than that of the ID Token ends the session.
 *
 * @throws {ConfigurationError} `invalid_options`
 * @throws {SessionError} `session_missing`, and as {@link currentAccessToken}
 * @throws {TokenValidationError} `subject_mismatch`, `token_inactive`
 * @throws {ProviderError} when the provider is away
 */
export async function sessionUserinfo(
  party: RelyingParty,
  session: RefreshableSession,
  options: UserinfoOptions = {},
): Promise<UserinfoClaims> {
  const { maxAgeSeconds } = parseUserinfoOptions(options)
  const record = session.current()
  if (record === undefined) {
    throw new SessionError('session_missing', 'userinfo() needs someone to be signed in: put requireAuth() before')
  }
  const { userinfo, provider } = party
  const known = userinfo.known(record, maxAgeSeconds)
  if (known !== undefined) return known
  // Not part of what others join: whether a token can be renewed is a matter of each response.
  const token = await currentAccessToken(party, session, { minTtl: 0 })
  const { sub } = idTokenClaims(record)
  const answer = userinfo.known(record, maxAgeSeconds) ?? userinfo.ask(record, () => provider.userinfo(token, sub))
  return Promise.resolve(answer).catch(async (error: unknown) => {
    const isAnother = error instanceof TokenValidationError && error.code === 'subject_mismatch'
    if (isAnother) await session.clear()
    throw error
  })
}
