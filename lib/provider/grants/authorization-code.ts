import type { TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client'
import { TokenEndpointError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'
import type { ConfiguredClient } from '../openid-client.js'
import type { IdTokenValidator } from '../tokens/id-token.js'
import { requestTokens, readLoginTokens } from '../endpoints/token.js'
import { unverifiedIdToken } from '../endpoints/token-response.js'
import type { ValidatedAuthorizationResponse } from '../endpoints/authorization-response.js'
import type { TokenSet } from '../types.js'

/** A code from a validated response, and what its tokens must match. */
export interface CodeExchange {
  readonly redirectUri: string
  readonly response: ValidatedAuthorizationResponse
  readonly nonce: string
  readonly codeVerifier: string
  /** The `max_age` of the request, in seconds. */
  readonly maxAge?: number
  /** The `acr_values` of the request, one of which must be met. */
  readonly acrValues?: readonly string[]
  /** The requested scopes, which were granted if the response does not say otherwise (RFC 6749 section 5.1). */
  readonly scope: string
}

/**
 * Exchanges a code. It is sent once only, since a code must not be used twice (RFC 6749 section 4.1.2). The exception
 * is a server that rejects the request for lack of a DPoP nonce, before it uses the code.
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
  // The lifetime counts from here, since a slow response must not make the token look younger than it is.
  const sentAt = runtime.now() / 1000
  const response = await sendCode(openidClient, exchange)
  const received = response[unverifiedIdToken]
  if (typeof received !== 'string') {
    throw new TokenEndpointError('token_response_invalid', 'the token endpoint returned no ID Token')
  }
  const tokens = readLoginTokens(response, exchange.scope, sentAt, openidClient)
  const {
    nonce,
    maxAge,
    acrValues,
    response: { code },
  } = exchange
  const { accessToken } = tokens
  // From here on it is the signed one: as id_token_hint a client must send what was inside (RP-Initiated Logout 1.0 section 2).
  const idToken = await idTokens.decrypt(received)
  return {
    ...tokens,
    idToken,
    idTokenClaims: await idTokens.validate(idToken, { nonce, maxAge, acrValues, accessToken, code }),
  }
}

// authorizationCodeGrant() is not used: it would validate the response again, and check the nonce before our ID Token
// validator does.
async function sendCode(
  openidClient: ConfiguredClient,
  { redirectUri, response, codeVerifier }: CodeExchange,
): Promise<TokenEndpointResponse & TokenEndpointResponseHelpers> {
  const { openid, configuration } = openidClient
  const { code } = response
  const parameters = { redirect_uri: redirectUri, code, code_verifier: codeVerifier }
  return requestTokens(openidClient, () => openid.genericGrantRequest(configuration, 'authorization_code', parameters))
}
