import type { LogoutTarget } from '../../session/revocation/revocations.js'
import type { RelyingParty } from '../relying-party.js'

/** A target at the provider of a relying party: others may have the same `sub` and `sid`. */
export function atProvider(
  target: LogoutTarget,
  { sessionProvider }: Pick<RelyingParty, 'sessionProvider'>,
): LogoutTarget {
  return sessionProvider === undefined ? target : { ...target, provider: sessionProvider.key }
}
