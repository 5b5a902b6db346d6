import type { JsonObject } from './keys.js'

/** The person that everybody signs in as. */
export const person = {
  sub: 'hostile-user-1',
  name: 'Ada Example',
  email: 'ada@example.com',
  email_verified: true,
} as const

/** The provider's metadata. They advertise more than a careful relying party should take up. */
export function metadata(issuer: string, jwksPath: string, sendsIssuer: boolean): JsonObject {
  return {
    issuer,
    authorization_endpoint: `${issuer}authorize`,
    token_endpoint: `${issuer}token`,
    userinfo_endpoint: `${issuer}userinfo`,
    end_session_endpoint: `${issuer}end_session`,
    jwks_uri: new URL(jwksPath, issuer).href,
    scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'],
    response_types_supported: ['code', 'id_token', 'token', 'code id_token', 'code token', 'code id_token token'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    grant_types_supported: ['authorization_code', 'implicit', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    id_token_signing_alg_values_supported: ['none', 'HS256', 'RS256', 'PS256', 'ES256', 'ES256K', 'EdDSA'],
    userinfo_signing_alg_values_supported: ['none', 'RS256'],
    code_challenge_methods_supported: ['plain', 'S256'],
    claims_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    subject_types_supported: ['public'],
    ...(sendsIssuer ? { authorization_response_iss_parameter_supported: true } : {}),
  }
}
