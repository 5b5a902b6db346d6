import { idTokenClaims, issuedIdToken } from '../../session/claims.js'
import type { SessionRecord } from '../../session/record.js'

/** Hints for the provider about whose session to end. */
interface LogoutHints {
  readonly idTokenHint?: string
  readonly logoutHint?: string
}

/**
 * Returns the session's ID Token as a hint. If the cookie had no room for it, the claim `login_hint` is used, which
 * Microsoft Entra provides for this purpose. Without a hint, the provider may ask the person.
 */
export function logoutHintsOf(session: SessionRecord | undefined): LogoutHints {
  if (session === undefined) return {}
  const idTokenHint = issuedIdToken(session)
  if (idTokenHint !== undefined) return { idTokenHint }
  const { login_hint: logoutHint } = idTokenClaims(session)
  return typeof logoutHint === 'string' ? { logoutHint } : {}
}
