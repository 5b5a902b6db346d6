import { SessionError, TokenValidationError } from '../errors.js'
import { parseUserinfoOptions, type UserinfoOptions } from '../options/oidc/userinfo.js'
import { idTokenClaims } from '../session/claims.js'
import type { SessionRecord } from '../session/record.js'
import type { RelyingPartyWith } from './relying-party.js'
import { currentAccessToken, replacementFor } from './tokens/access-token.js'
import type { RefreshableSession, RenewalParts } from './tokens/renewal.js'
import type { UserinfoClaims } from './userinfo-cache.js'

/** The parts of a relying party that fetch claims. */
export type UserinfoParts = RenewalParts & RelyingPartyWith<'userinfo', 'userinfo'>

/**
 * The person's claims from the userinfo endpoint, or what it said a short time ago (OpenID Connect Core section 5.3). An
 * answer that may not be used, such as one with another `sub`, is thrown away; the session goes on. Where the access token is
 * refused it is renewed, once.
 *
 * @throws {ConfigurationError} `invalid_options`
 * @throws {SessionError} `session_missing`, and as {@link currentAccessToken}; `session_expired` where the token is refused
 *   and a new one does not help. Where nothing can be renewed that ends the session once the token is dead
 * @throws {TokenValidationError} `subject_mismatch`
 * @throws {ProviderError} when the provider is away
 */
export async function sessionUserinfo(
  rp: UserinfoParts,
  session: RefreshableSession,
  options: UserinfoOptions = {},
): Promise<UserinfoClaims> {
  const { maxAgeSeconds } = parseUserinfoOptions(options)
  const record = session.current()
  if (record === undefined) {
    throw new SessionError('session_missing', 'userinfo() needs someone to be signed in: put requireAuth() before it')
  }
  const { userinfo, provider } = rp
  const known = userinfo.known(record, maxAgeSeconds)
  if (known !== undefined) return known
  // Not part of what others join: whether a token can be renewed is a matter of each response.
  const token = await currentAccessToken(rp, session, { minTtl: 0 })
  const { sub } = idTokenClaims(record)
  const ask = (accessToken: string) => userinfo.ask(record, accessToken, (token) => provider.userinfo(token, sub))
  try {
    return userinfo.known(record, maxAgeSeconds) ?? (await ask(token))
  } catch (error) {
    if (!isRefused(error)) throw error
    const renewed = await replacementFor(rp, session, token)
    if (renewed === token) throw await refused(rp, session, record)
    return await ask(renewed).catch(async (again: unknown) => {
      throw isRefused(again) ? await refused(rp, session, record) : again
    })
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof TokenValidationError && error.code === 'token_inactive'
}

// What the provider has just renewed is a login that lives, and so is one whose token is for another audience.
async function refused(
  rp: RelyingPartyWith<'configuration' | 'runtime'>,
  session: RefreshableSession,
  { tokens: { refreshToken, expiresAt = 0 } }: SessionRecord,
): Promise<SessionError> {
  const isDead = expiresAt * 1000 <= rp.runtime.now()
  if (refreshToken === undefined && isDead) await session.clear()
  const { resource, authorizationParams } = rp.configuration
  const isForApi = resource.length > 0 || authorizationParams['resource'] !== undefined
  const why = isForApi
    ? 'the login names a resource, so its tokens are for that API'
    : 'it may be for another audience, or the login has ended'
  const what = refreshToken === undefined ? 'the access token' : 'the access token, and a new one too'
  return new SessionError('session_expired', `the userinfo endpoint refuses ${what}: ${why}`)
}
