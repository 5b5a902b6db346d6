import type { RefreshableSession } from './tokens/renewal.js'
import { renewTokens } from './tokens/access-token.js'
import type { UserinfoParts } from './userinfo.js'

/**
 * Renews a session at the provider now: tokens, and the claims of the ID Token.
 *
 * @throws {SessionError} like {@link renewTokens}
 * @throws {ProviderError} when the provider is unavailable: the session goes on
 */
export async function refreshSession(rp: UserinfoParts, session: RefreshableSession): Promise<void> {
  await renewTokens(rp, session)
}
