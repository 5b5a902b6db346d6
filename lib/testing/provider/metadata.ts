import type { JsonObject } from '../../base/json.js'
import { dpopAlgorithms } from '../../options/common/private-key.js'
import { grantTypes } from './token-endpoint.js'

/** The paths of the endpoints, below the issuer. */
export const endpointPaths = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/jwks',
  authorization: '/authorize',
  token: '/token',
  userinfo: '/userinfo',
  introspection: '/introspect',
  revocation: '/revoke',
  par: '/par',
  endSession: '/end-session',
} as const

/** An endpoint by its name. */
export type TestEndpoint = keyof typeof endpointPaths

/** Whether a text names an endpoint. */
export function isEndpointName(name: string): name is TestEndpoint {
  return Object.hasOwn(endpointPaths, name)
}

/** Whether an endpoint is at this path, below the issuer. */
export function isEndpointPath(path: string): boolean {
  return Object.values<string>(endpointPaths).includes(path)
}

/** What the provider says about itself (OpenID Connect Discovery section 3, RFC 8414 section 2). */
export function metadataOf(issuer: string): JsonObject {
  const methods = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none']
  const at = (name: TestEndpoint): string => issuer + endpointPaths[name]
  return {
    issuer,
    authorization_endpoint: at('authorization'),
    token_endpoint: at('token'),
    jwks_uri: at('jwks'),
    userinfo_endpoint: at('userinfo'),
    introspection_endpoint: at('introspection'),
    revocation_endpoint: at('revocation'),
    pushed_authorization_request_endpoint: at('par'),
    end_session_endpoint: at('endSession'),
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: Object.keys(grantTypes),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA', 'HS256'],
    code_challenge_methods_supported: ['S256'],
    dpop_signing_alg_values_supported: dpopAlgorithms,
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  }
}
