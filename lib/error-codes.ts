/** Codes of {@link ConfigurationError}: mistakes in the application's own set-up. */
export type ConfigurationErrorCode =
  /** An option or argument is missing, unknown or invalid. The message lists each of them. */
  | 'invalid_options'
  /** `optionsFromEnv()` did not find a variable that it needs. */
  | 'missing_environment'
  /** A guard ran without `oidc()` or `bearer()` before it, or `req.session` is missing. */
  | 'not_mounted'
  /** `oidc()` ran twice for one request. */
  | 'mounted_twice'
  /** A guard found nobody signed in, but a `req.auth` that the application has set, which guards do not read. */
  | 'unknown_principal'
  /** A body parser has read the request before `apiProxy()` or `signals()`. */
  | 'body_already_read'

/** Codes of {@link ProviderError}: the authorization server is unavailable, broken or at odds with its own metadata. */
export type ProviderErrorCode =
  /** No connection: DNS, TCP or TLS failed. */
  | 'provider_unreachable'
  /** A host of the provider has a private address, and `allowPrivateAddresses` is false. */
  | 'provider_address_refused'
  /** No response within `httpTimeoutSeconds`. */
  | 'provider_timeout'
  /** A 429 or 5xx response, or a pause after several failures. */
  | 'provider_unavailable'
  /** A redirect, which is never followed. */
  | 'provider_redirected'
  /** A response over the size limit. */
  | 'provider_response_too_large'
  /** A response that cannot be parsed, or lacks what it must have. */
  | 'provider_response_invalid'
  /** The metadata names another issuer than the option `issuer`. */
  | 'provider_issuer_mismatch'
  /** The metadata lacks an endpoint that is needed, or holds an invalid one. */
  | 'provider_metadata_invalid'
  /** The JWK Set is invalid, or holds no usable key. */
  | 'provider_keys_invalid'
  /** Too many unknown `kid`s: keys are not fetched again for a while. */
  | 'provider_keys_throttled'
  /** The client's credentials were refused: `invalid_client` or `unauthorized_client`. */
  | 'provider_refused_client'
  /** A transmitter of security events has refused a request about a stream (502). */
  | 'stream_refused'
  /** This process has too many requests to the provider under way. */
  | 'outbound_limit_reached'
  /** The function `providers` has failed, or has not answered in time, and there is no earlier answer. */
  | 'provider_options_unavailable'

/**
 * Codes of {@link AuthorizationResponseError}: the authorization response is a refusal, or invalid.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
 */
export type AuthorizationResponseErrorCode =
  /** The person or the provider refused (403). */
  | 'access_denied'
  /** The provider cannot sign the person in without showing a page (`prompt=none`). */
  | 'login_required'
  /** The provider reported another error. */
  | 'authorization_failed'
  /** The response is malformed. */
  | 'invalid_response'
  /** The response has no `state`. */
  | 'state_missing'
  /** The `state` belongs to no login of this browser. */
  | 'state_mismatch'
  /** `iss` names another issuer (RFC 9207). */
  | 'issuer_mismatch'
  /** The login does not reach the `acr` or `max_age` that was asked for (403). */
  | 'authentication_too_weak'
  /** One of this package's routes was called with another method than it takes (405). */
  | 'method_not_allowed'
  /** The body is over the size limit (413). */
  | 'body_too_large'
  /** The body is not a form (415). */
  | 'unsupported_media_type'

/** Codes of {@link TransactionError}: a login that cannot be finished. */
export type TransactionErrorCode =
  /** The browser has no transaction for this response: its cookie was dropped, or the login began in another browser. */
  | 'transaction_missing'
  /** The login took longer than ten minutes (410). */
  | 'transaction_expired'
  /** The login was finished before. */
  | 'transaction_used'
  /** Logins succeed, but the browser keeps no session cookie; or it sent no cookie at all, twice. */
  | 'login_loop'
  /** `onLogin` returned `false` (403). */
  | 'login_refused'

/**
 * Codes of {@link TokenEndpointError}: a refusal by the token endpoint.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export type TokenEndpointErrorCode =
  /** The code, refresh token or subject token was refused (400). */
  | 'invalid_grant'
  /** The person has to act at the provider first, by a second factor for example (401). Only for tokens on a person's behalf. */
  | 'interaction_required'
  /** The token endpoint reported another error (502). */
  | 'token_request_failed'
  /** The response is not a valid token response (502). */
  | 'token_response_invalid'

/** Codes of {@link TokenValidationError}: a token that is not valid. */
export type TokenValidationErrorCode =
  | 'token_malformed'
  /** Signed with an `alg` that is not allowed. */
  | 'token_algorithm_refused'
  /** The issuer publishes no key for the token's `kid`. */
  | 'token_key_not_found'
  | 'token_signature_invalid'
  /** Encrypted, and not decrypted: `decryptionKeys` are missing or do not fit. */
  | 'token_decryption_failed'
  /** The token or response is not encrypted, although `encryptedResponses` requires it. */
  | 'token_not_encrypted'
  /** Another type of token than expected, such as an ID Token at an API. */
  | 'token_type_refused'
  | 'token_claim_missing'
  | 'token_claim_invalid'
  | 'token_issuer_mismatch'
  | 'token_audience_mismatch'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_nonce_mismatch'
  /** `at_hash` or `c_hash` belongs to another access token or code. */
  | 'token_hash_mismatch'
  /** The authorization server says that the token is not active. */
  | 'token_inactive'
  /** The proof of possession (DPoP or client certificate) is missing or invalid. */
  | 'token_binding_failed'
  /** `sub` is another person's than expected. */
  | 'subject_mismatch'

/**
 * Codes of {@link BearerError}: a resource server's refusal.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7.1
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 */
export type BearerErrorCode =
  /** The request has no access token (401). */
  | 'missing_token'
  /** The request has several tokens, or a malformed one (400). */
  | 'invalid_request'
  /** The token is not valid here (401). */
  | 'invalid_token'
  /** The API key is not valid here (401). */
  | 'invalid_api_key'
  /** The token lacks a scope (403). */
  | 'insufficient_scope'
  /** The token's authentication is too weak or too old (401). */
  | 'insufficient_user_authentication'
  /** The DPoP proof is not valid for this request (401). */
  | 'invalid_dpop_proof'
  /** The DPoP proof must use the nonce in `DPoP-Nonce` (401). */
  | 'use_dpop_nonce'

/** Codes of {@link AccessError}: a guard's decision. */
export type AccessErrorCode =
  /** Nobody is signed in, or a stronger login is needed (401). */
  | 'login_needed'
  /** The principal does not meet a requirement (403). */
  | 'not_allowed'
  /** A page of another site may have caused the request (403). */
  | 'cross_site_request'
  /** The request came to a host that `baseUrls` does not allow (421). */
  | 'host_not_allowed'
  /** The policy decision point of `decision()` is unavailable, or its answer cannot be read (503). */
  | 'decision_unavailable'
  /** `apiProxy()` sends no such request on: its path could lead elsewhere (400), is too long (414), or has a method that is not for APIs (405). */
  | 'not_forwarded'

/** Codes of {@link SessionError}: the login session. */
export type SessionErrorCode =
  /** Nobody is signed in, or the session has ended during the request (401). */
  | 'session_missing'
  /** The session, or the login at the provider, has reached its end (401). */
  | 'session_expired'
  /** The session does not fit into `session.maxCookieBytes`, or into the cookie of cookie-session (500). */
  | 'session_too_large'
  /** The provider gave no access token with the login, only an ID Token (401). The session goes on. */
  | 'no_access_token'
  /** The login brought no access token for this target (401). */
  | 'access_token_missing'
  /** The access token has expired and cannot be renewed (401). */
  | 'access_token_expired'
  /** `refresh()` was called, but the login brought no refresh token (401). The session goes on. */
  | 'refresh_token_missing'
  /** The response has begun, so it can no longer carry the session's cookie (500). */
  | 'headers_already_sent'
  /** The session store or shared store is unavailable (503). */
  | 'session_store_unavailable'
  /** The browser's proof that it holds the key of a device is missing or invalid (401). The session stays as it is. */
  | 'device_proof_invalid'

/** Codes of {@link UpstreamError}: the API behind `apiProxy()` has failed. */
export type UpstreamErrorCode =
  /** No connection, or it broke before the response: DNS, TCP or TLS failed (502). */
  | 'upstream_unreachable'
  /** No response within `timeoutSeconds` (504). */
  | 'upstream_timeout'
  /** The response is not valid HTTP, or not the one that was asked for (502). */
  | 'upstream_response_invalid'

/** Every code that an {@link OidcError} may carry. */
export type OidcErrorCode =
  | ConfigurationErrorCode
  | ProviderErrorCode
  | AuthorizationResponseErrorCode
  | TransactionErrorCode
  | TokenEndpointErrorCode
  | TokenValidationErrorCode
  | BearerErrorCode
  | AccessErrorCode
  | SessionErrorCode
  | UpstreamErrorCode
