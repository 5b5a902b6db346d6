import { isIssuerTemplate } from '../../options/common/tenants.js'
import type { LogoutTarget } from '../../session/revocation/revocations.js'
import type { RelyingPartyWith } from '../relying-party.js'

/**
 * A target at the provider of a relying party, and at one tenant if there are several: others may have the same `sub` and
 * `sid` (OpenID Connect Core section 5.7).
 *
 * @param issuer - `iss` of the logout
 */
export function targetAtProvider(
  target: LogoutTarget,
  { configuration, sessionProvider }: RelyingPartyWith<'configuration' | 'sessionProvider'>,
  issuer: string,
): LogoutTarget {
  return {
    ...target,
    ...(sessionProvider === undefined ? {} : { provider: sessionProvider.key }),
    ...(isIssuerTemplate(configuration.issuer) ? { issuer } : {}),
  }
}
