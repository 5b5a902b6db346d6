import { idTokenClaims, issuedIdToken } from '../../session/claims.js'
import type { SessionRecord } from '../../session/record.js'

/** What tells a provider whose session is to end. */
export interface LogoutHints {
  readonly idTokenHint?: string
  readonly logoutHint?: string
}

/**
 * The ID Token of a session as a hint; where its cookie had no room for that, what the provider itself gave as a hint, if it did:
 * Microsoft Entra takes the claim `login_hint` so. Without any, the provider may ask.
 */
export function logoutHintsOf(session: SessionRecord | undefined): LogoutHints {
  if (session === undefined) return {}
  const idTokenHint = issuedIdToken(session)
  if (idTokenHint !== undefined) return { idTokenHint }
  const { login_hint: logoutHint } = idTokenClaims(session)
  return typeof logoutHint === 'string' ? { logoutHint } : {}
}
