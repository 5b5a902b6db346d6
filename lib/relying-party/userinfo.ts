import { SessionError, TokenValidationError } from '../errors.js'
import { parseUserinfoOptions, type UserinfoOptions } from '../options/oidc/userinfo.js'
import { idTokenClaims } from '../session/claims.js'
import { sessionMissing } from '../session/lifetime.js'
import type { SessionRecord } from '../session/record.js'
import type { RelyingPartyWith } from './relying-party.js'
import { currentAccessToken, replacementFor } from './tokens/access-token.js'
import type { RefreshableSession, RenewalParts } from './tokens/renewal.js'
import type { UserinfoClaims } from './userinfo-cache.js'
import { auditEnd } from './tokens/refresh-audit.js'

/** The parts of a relying party that fetch claims. */
export type UserinfoParts = RenewalParts & RelyingPartyWith<'userinfo', 'userinfo'>

/**
 * Returns the person's claims from the UserInfo endpoint, or cached ones (OpenID Connect Core section 5.3). An invalid
 * response, such as one with another `sub`, is discarded; the session stays. If the access token is rejected, it is
 * renewed once.
 *
 * @throws {ConfigurationError} `invalid_options`
 * @throws {SessionError} `session_missing`, and those of {@link currentAccessToken}; `session_expired` if the token is
 *   rejected and a new one does not help. Without a refresh token, this ends the session once the access token has
 *   expired
 * @throws {TokenValidationError} `subject_mismatch`
 * @throws {ProviderError} when the provider is unavailable
 */
export async function sessionUserinfo(
  rp: UserinfoParts,
  session: RefreshableSession,
  options: UserinfoOptions = {},
): Promise<UserinfoClaims> {
  const { maxAgeSeconds } = parseUserinfoOptions(options)
  const record = session.current()
  if (record === undefined) throw sessionMissing('userinfo()')
  const { userinfo, provider } = rp
  const known = userinfo.known(record, maxAgeSeconds)
  if (known !== undefined) return known
  // Not part of the shared request: whether a token can be renewed depends on this response.
  const token = await currentAccessToken(rp, session, { minTtl: 0 })
  const { sub, iss } = idTokenClaims(record)
  const ask = (accessToken: string) => userinfo.ask(record, accessToken, (token) => provider.userinfo(token, sub, iss))
  try {
    return userinfo.known(record, maxAgeSeconds) ?? (await ask(token))
  } catch (error) {
    if (!isRefused(error)) throw error
    const renewed = await replacementFor(rp, session, token)
    if (renewed === token) throw await refusalOf(rp, session, record)
    return await ask(renewed).catch(async (again: unknown) => {
      throw isRefused(again) ? await refusalOf(rp, session, record) : again
    })
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof TokenValidationError && error.code === 'token_inactive'
}

// The session ends only if nothing can be renewed and the token has expired. A login that was just renewed is valid,
// and a token that is rejected may be for another audience.
async function refusalOf(
  rp: RelyingPartyWith<'configuration' | 'runtime'>,
  session: RefreshableSession,
  record: SessionRecord,
): Promise<SessionError> {
  const { refreshToken, expiresAt = 0 } = record.tokens
  const isDead = expiresAt * 1000 <= rp.runtime.now()
  if (refreshToken === undefined && isDead) {
    await session.clear()
    auditEnd(rp, record, 'refresh_refused')
  }
  const { resource, authorizationParams } = rp.configuration
  const isForApi = resource.length > 0 || authorizationParams['resource'] !== undefined
  const why = isForApi
    ? 'the login names a resource, so its tokens are for that API'
    : 'it may be for another audience, or the login has ended'
  const what = refreshToken === undefined ? 'the access token' : 'the access token, and a new one too'
  return new SessionError('session_expired', `the userinfo endpoint refuses ${what}: ${why}`)
}
