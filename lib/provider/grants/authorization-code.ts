import type { TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client'
import { TokenEndpointError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'
import type { ConfiguredClient } from '../openid-client.js'
import type { IdTokenValidator } from '../tokens/id-token.js'
import { requestTokens, readLoginTokens } from '../endpoints/token.js'
import { unverifiedIdToken } from '../endpoints/token-response.js'
import type { ValidatedAuthorizationResponse } from '../endpoints/authorization-response.js'
import type { TokenSet } from '../types.js'

/** A code that came with a checked response, and what its tokens must match. */
export interface CodeExchange {
  readonly redirectUri: string
  readonly response: ValidatedAuthorizationResponse
  readonly nonce: string
  readonly codeVerifier: string
  /** When the request carried `max_age`, in seconds. */
  readonly maxAge?: number
  /** When the request carried `acr_values` that must be met. */
  readonly acrValues?: readonly string[]
  /** Scopes asked for: what was granted when the response does not say (RFC 6749 section 5.1). */
  readonly scope: string
}

/**
 * Exchanges a code, once: a code may be used a single time, so it is never sent again (RFC 6749 section 4.1.2), but where
 * the server did not look at it for want of its DPoP nonce.
 *
 * @throws {AuthorizationResponseError} `authentication_too_weak`
 * @throws {TokenEndpointError} `invalid_grant`, `token_request_failed`, `token_response_invalid`
 * @throws {TokenValidationError} for the ID Token
 * @throws {ProviderError} for outages, and `provider_refused_client`
 */
export async function exchangeCode(
  openidClient: ConfiguredClient,
  exchange: CodeExchange,
  idTokens: IdTokenValidator,
  runtime: Runtime,
): Promise<TokenSet> {
  const response = await sendCode(openidClient, exchange)
  const idToken = response[unverifiedIdToken]
  if (typeof idToken !== 'string') {
    throw new TokenEndpointError('token_response_invalid', 'the token endpoint returned no ID Token')
  }
  const tokens = readLoginTokens(response, exchange.scope, runtime.now() / 1000, openidClient)
  const {
    nonce,
    maxAge,
    acrValues,
    response: { code },
  } = exchange
  const { accessToken } = tokens
  return {
    ...tokens,
    idToken,
    idTokenClaims: await idTokens.validate(idToken, { nonce, maxAge, acrValues, accessToken, code }),
  }
}

// Not by authorizationCodeGrant(), which would check the response once more, and the nonce before the ID Token's validator.
async function sendCode(
  openidClient: ConfiguredClient,
  { redirectUri, response, codeVerifier }: CodeExchange,
): Promise<TokenEndpointResponse & TokenEndpointResponseHelpers> {
  const { openid, configuration } = openidClient
  const { code } = response
  const parameters = { redirect_uri: redirectUri, code, code_verifier: codeVerifier }
  return requestTokens(openidClient, () => openid.genericGrantRequest(configuration, 'authorization_code', parameters))
}
