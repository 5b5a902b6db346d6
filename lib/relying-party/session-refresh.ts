import { nowSeconds } from '../base/runtime.js'
import { addedClaims, idTokenClaims } from '../session/claims.js'
import { sessionEnded } from '../session/lifetime.js'
import type { RefreshableSession } from './tokens/renewal.js'
import { renewTokens } from './tokens/access-token.js'
import { sessionUserinfo, type UserinfoParts } from './userinfo.js'

/**
 * Renews a session at the provider now: tokens, and the claims of the ID Token and, if the option `userinfo` is set, of
 * the UserInfo endpoint.
 *
 * @throws {SessionError} like {@link renewTokens} and {@link sessionUserinfo}
 * @throws {ProviderError} when the provider is unavailable: the session goes on with the claims that it has
 */
export async function refreshSession(rp: UserinfoParts, session: RefreshableSession): Promise<void> {
  await renewTokens(rp, session)
  if (rp.configuration.userinfo) await renewUserinfo(rp, session, 0)
}

/**
 * Renews the claims of the UserInfo endpoint only.
 *
 * @param maxAgeSeconds - how old an answer may be that this process remembers
 * @throws like {@link sessionUserinfo}
 */
export async function renewUserinfo(
  rp: UserinfoParts,
  session: RefreshableSession,
  maxAgeSeconds: number,
): Promise<void> {
  const userinfoAt = nowSeconds(rp.runtime)
  const claims = await sessionUserinfo(rp, session, { maxAgeSeconds })
  const record = session.current()
  if (record === undefined) throw sessionEnded()
  await session.store({ ...record, userinfo: addedClaims(idTokenClaims(record), claims), userinfoAt })
}
