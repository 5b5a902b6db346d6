import { TokenEndpointError } from '../errors.js'
import { parseCrossAppAccess } from '../options/client/schema.js'
import { idJagType } from '../provider/grants/id-jag.js'
import type { ExchangedTokens } from './token-exchange.js'

/**
 * Creates a function that gets a token at an authorization server for a person whom another one knows: that one exchanges the
 * person's ID Token for a grant, which this one redeems (draft-ietf-oauth-identity-assertion-authz-grant).
 *
 * @param issuer - of the authorization server that redeems the grants
 */
export function createCrossAppAccess(
  issuer: string,
  exchanged: Pick<ExchangedTokens, 'redeem'>,
): (options: unknown) => Promise<string> {
  return async (options) => {
    const { identityProvider, ...request } = parseCrossAppAccess(options)
    const exchange = { ...request, audience: issuer, requestedTokenType: idJagType }
    const grant = await identityProvider.exchange(exchange)
    try {
      return await exchanged.redeem({ assertion: grant })
    } catch (error) {
      if (!isRefusedGrant(error)) throw error
      // It may have been redeemed before, by a server that takes each grant once, or have expired in transit.
      identityProvider.drop(grant)
      const next = await identityProvider.exchange(exchange)
      if (next === grant) throw error
      return exchanged.redeem({ assertion: next })
    }
  }
}

function isRefusedGrant(error: unknown): boolean {
  return error instanceof TokenEndpointError && error.code === 'invalid_grant'
}
