import type { Runtime } from '../../base/runtime.js'
import { type FurtherParameters, type TokenTarget, readTokens, targetParameters } from '../endpoints/token.js'
import { assertionGrantType } from '../endpoints/token-response.js'
import type { ConfiguredClient } from '../openid-client.js'
import type { GrantedTokens } from '../types.js'
import { requestOnBehalf } from './on-behalf.js'

/** A JWT that stands for a person's authorization (RFC 7523 section 2.1). */
export interface AssertionGrant {
  readonly assertion: string
  /** Entra's and AD FS's parameter `requested_token_use`: the assertion is an access token for this client. */
  readonly use?: 'on_behalf_of' | undefined
  readonly target: TokenTarget
  readonly params?: FurtherParameters | undefined
}

/**
 * Requests an access token for an assertion (RFC 7523); does not retry.
 *
 * @throws {TokenEndpointError} `invalid_grant`, `interaction_required`, `token_request_failed`, `token_response_invalid`
 * @throws {ProviderError} for outages, and `provider_refused_client`
 */
export async function redeemAssertion(
  openidClient: ConfiguredClient,
  { assertion, use, target, params }: AssertionGrant,
  runtime: Runtime,
): Promise<GrantedTokens> {
  const sentAt = runtime.now() / 1000
  const parameters = targetParameters(target, params)
  parameters.set('assertion', assertion)
  if (use !== undefined) parameters.set('requested_token_use', use)
  const response = await requestOnBehalf(openidClient, assertionGrantType, parameters)
  return readTokens(response, target.scope, sentAt, openidClient)
}
