import { hash } from 'node:crypto'
import { parseUrl } from '../../base/url.js'
import { ConfigurationError } from '../../errors.js'
import { isResponseMode, protocolParameters, responseModes } from '../../options/oidc/fields.js'
import type { ConfiguredClient } from '../openid-client.js'
import { pushedRequestFailure } from '../errors.js'
import type { AuthorizationRequest, ClientSettings } from '../types.js'
import { type RequestObjectParts, requestObject } from './request-object.js'

/** The client, and what its requests are signed and encrypted with. */
interface AuthorizationRequestParts extends Omit<RequestObjectParts, 'metadata'> {
  readonly client: RequestObjectParts['client'] & Pick<ClientSettings, 'pushedAuthorizationRequests'>
}

/**
 * Builds the URL of an authorization request: code flow with PKCE S256, pushed if the provider requires it (OpenID
 * Connect Core section 3.1.2.1, RFC 7636, RFC 9126), and signed if the client does that or the provider requires it (RFC 9101).
 *
 * @throws {ConfigurationError} `invalid_options` for parameters that the protocol reserves
 * @throws {ConfigurationError} `invalid_options` for a request that cannot be signed as the provider requires
 * @throws {ProviderError} when the request has to be pushed and the provider is unavailable, or a function that signs fails
 * @throws {AuthorizationResponseError} `authorization_failed` when the provider rejects the pushed request
 */
export async function authorizationUrl(
  { openid, configuration, metadata, dpop }: ConfiguredClient,
  request: AuthorizationRequest,
  parts: AuthorizationRequestParts,
): Promise<string> {
  const parameters = requestParameters(request)
  // Binds the code to the key too: a stolen code cannot be exchanged (RFC 9449 section 10).
  if (dpop !== undefined) parameters.set('dpop_jkt', dpop.thumbprint)
  const { client } = parts
  const isToBePushed = isPushed(metadata, client)
  const signed = await requestObject(parameters, { ...parts, metadata })
  if (!isToBePushed) {
    // An authorization request without these is not one of OAuth (OpenID Connect Core section 6.1).
    const sent = signed === undefined ? parameters : { response_type: 'code', scope: request.scope, request: signed }
    return openid.buildAuthorizationUrl(configuration, sent).href
  }
  try {
    // All other parameters are in the signed request (RFC 9126 section 3).
    const sent = signed === undefined ? parameters : { request: signed }
    const url = await openid.buildAuthorizationUrlWithPAR(configuration, sent)
    return url.href
  } catch (error) {
    throw pushedRequestFailure(error)
  }
}

function isPushed(
  metadata: ConfiguredClient['metadata'],
  client: Pick<ClientSettings, 'pushedAuthorizationRequests'>,
): boolean {
  const isWanted =
    client.pushedAuthorizationRequests === true || metadata['require_pushed_authorization_requests'] === true
  if (isWanted && metadata.pushed_authorization_request_endpoint === undefined) {
    throw new ConfigurationError('invalid_options', 'the provider has no endpoint for pushed authorization requests')
  }
  return isWanted
}

function requestParameters(request: AuthorizationRequest): URLSearchParams {
  const { parameters, resource = [] } = request
  const own = Object.keys(parameters).find((name) => protocolParameters.has(name))
  if (own !== undefined) {
    throw new ConfigurationError('invalid_options', `${own} cannot be set on an authorization request`)
  }
  if (!isResponseMode(parameters['response_mode'])) {
    throw new ConfigurationError('invalid_options', `response_mode must be one of ${responseModes.join(', ')}`)
  }
  const sent = new URLSearchParams({
    ...parameters,
    response_type: 'code',
    redirect_uri: plainRedirectUri(request.redirectUri),
    scope: request.scope,
    state: request.state,
    nonce: request.nonce,
    code_challenge: hash('sha256', request.codeVerifier, 'base64url'),
    code_challenge_method: 'S256',
  })
  if (!sent.has('resource')) for (const name of resource) sent.append('resource', name)
  return sent
}

// The token request must repeat the URI character by character (RFC 6749 section 4.1.3). The provider appends its
// parameters to it, so it must be normalized and have no query.
function plainRedirectUri(uri: string): string {
  if (parseUrl(uri)?.href === uri && !/[?#]/.test(uri)) return uri
  throw new ConfigurationError(
    'invalid_options',
    'the redirect URI must be a normalized URL without query and fragment',
  )
}
