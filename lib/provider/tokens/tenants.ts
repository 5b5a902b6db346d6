import { AuthorizationResponseError } from '../../errors.js'
import { quoted, seenValue } from '../../base/error-cause.js'
import { callInTime } from '../../base/timers/call-in-time.js'
import type { VerificationKey } from '../../jose/algorithms.js'
import type { ClaimRule } from '../../jose/claim-rules.js'
import type { IdTokenClaims } from '../../jose/id-token-claims.js'
import { tenantIn } from '../../options/common/tenants.js'
import type { ProviderSettings } from '../types.js'
import type { KeyRule } from './signature.js'

/** An issuer, or a template of issuers and the tenants that are accepted. */
export type TenantSettings = Pick<ProviderSettings, 'issuer' | 'tenants'>

/** The rule that `tid` names the tenant that `iss` is of, where the issuer is a template. */
export const tenantRule: ClaimRule<TenantSettings> = {
  claim: 'tid',
  code: 'token_issuer_mismatch',
  must: (tid) => `must be the tenant in iss: it is ${quoted(tid)}`,
  isOptional: ({ tenants }) => tenants === undefined,
  holds: (tid, { issuer, tenants }, { iss }) => tenants === undefined || tid === tenantIn(iss, issuer),
}

/** The rule that a key signs for the issuer that a token names, where the issuer is a template: each key may belong to one tenant. */
export function tenantKeyRule({ issuer, tenants }: TenantSettings): KeyRule | undefined {
  return tenants === undefined ? undefined : (key, { payload }) => signsFor(key, [issuer, payload['iss']])
}

/** Whether a key signs for an issuer that has these names: its JWK may name one of them, a template that one fits, or nothing. */
export function signsFor({ issuer }: VerificationKey, names: readonly unknown[]): boolean {
  return issuer === undefined || names.some((name) => name === issuer || tenantIn(name, issuer) !== undefined)
}

/**
 * Checks that people of a token's tenant may sign in.
 *
 * @throws {AuthorizationResponseError} `access_denied` for other tenants
 * @throws {ProviderError} `provider_unavailable`, `provider_timeout` if the function in `tenants` fails or is too slow
 */
export async function requireTenant(
  { issuer, tenants, httpTimeoutSeconds }: TenantSettings & Pick<ProviderSettings, 'httpTimeoutSeconds'>,
  { iss }: IdTokenClaims,
): Promise<void> {
  if (tenants === undefined) return
  const tenant = tenantIn(iss, issuer) ?? ''
  const answer =
    typeof tenants === 'function'
      ? await callInTime('tenants', () => tenants(tenant), httpTimeoutSeconds)
      : tenants.includes(tenant)
  if (answer === true) return
  const message = `people of the tenant ${quoted(tenant)} cannot sign in here: "tenants" does not accept it`
  const details = { subject: 'iss', seen: seenValue(iss), option: 'tenants' }
  throw new AuthorizationResponseError('access_denied', message, { details })
}
