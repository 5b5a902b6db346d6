import type { TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client'
import { TokenEndpointError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'
import { checkAuthorizationResponse } from '../endpoints/authorization-response.js'
import type { ConfiguredClient } from '../openid-client.js'
import type { IdTokenValidator } from '../tokens/id-token.js'
import { requestTokens, readTokens } from '../endpoints/token.js'
import type { CodeExchange, TokenSet } from '../types.js'

/**
 * Exchanges a code, once: a code may be used a single time, so it is never sent again (RFC 6749 section 4.1.2), but where
 * the server did not look at it for want of its DPoP nonce.
 *
 * @throws {AuthorizationResponseError} for the response, and `authentication_too_weak`
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
  const code = checkAuthorizationResponse(exchange.response, exchange.state, openidClient.metadata)
  const response = await sendCode(openidClient, exchange)
  const idToken = response.id_token
  if (idToken === undefined) {
    throw new TokenEndpointError('token_response_invalid', 'the token endpoint answered without an ID Token')
  }
  const tokens = readTokens(response, exchange.scope, runtime.now() / 1000, openidClient)
  const { nonce, maxAge, acrValues } = exchange
  const { accessToken } = tokens
  return {
    ...tokens,
    idToken,
    idTokenClaims: await idTokens.validate(idToken, { nonce, maxAge, acrValues, accessToken, code }),
  }
}

async function sendCode(
  openidClient: ConfiguredClient,
  { redirectUri, response, state, nonce, codeVerifier }: CodeExchange,
): Promise<TokenEndpointResponse & TokenEndpointResponseHelpers> {
  const { openid, configuration } = openidClient
  const url = new URL(redirectUri)
  url.search = response.toString()
  return requestTokens(openidClient, () =>
    openid.authorizationCodeGrant(configuration, url, {
      pkceCodeVerifier: codeVerifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    }),
  )
}
