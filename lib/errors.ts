/**
 * Every failure of this package. Whose fault it is decides the class; `code` says what happened and is a closed set;
 * `cause` keeps why, for logs. Messages never hold a token, a secret, a code or a person's data.
 */

/** Codes of mistakes in the application's own set-up. */
export type ConfigurationErrorCode = 'invalid_options' | 'missing_environment' | 'not_mounted' | 'mounted_twice'

/** Codes of an authorization server that is away, broken or at odds with its own metadata. */
export type ProviderErrorCode =
  | 'provider_unreachable'
  | 'provider_timeout'
  | 'provider_unavailable'
  | 'provider_redirected'
  | 'provider_response_too_large'
  | 'provider_response_invalid'
  | 'provider_issuer_mismatch'
  | 'provider_metadata_invalid'
  | 'provider_keys_invalid'
  | 'provider_keys_throttled'
  | 'provider_refused_client'
  | 'outbound_limit_reached'

/** Codes of an authorization response (RFC 6749 section 4.1.2) that is a refusal, or not acceptable. */
export type AuthorizationResponseErrorCode =
  | 'access_denied'
  | 'login_required'
  | 'authorization_failed'
  | 'invalid_response'
  | 'state_missing'
  | 'state_mismatch'
  | 'issuer_mismatch'
  | 'authentication_too_weak'
  | 'method_not_allowed'
  | 'body_too_large'
  | 'unsupported_media_type'

/** Codes of a login transaction that cannot be finished. */
export type TransactionErrorCode =
  'transaction_missing' | 'transaction_expired' | 'transaction_used' | 'login_loop' | 'login_refused'

/** Codes of a refusal by the token endpoint (RFC 6749 section 5.2). */
export type TokenEndpointErrorCode = 'invalid_grant' | 'token_request_failed' | 'token_response_invalid'

/** Codes of a token that did not validate. */
export type TokenValidationErrorCode =
  | 'token_malformed'
  | 'token_algorithm_refused'
  | 'token_key_not_found'
  | 'token_signature_invalid'
  | 'token_type_refused'
  | 'token_claim_missing'
  | 'token_claim_invalid'
  | 'token_issuer_mismatch'
  | 'token_audience_mismatch'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_nonce_mismatch'
  | 'token_hash_mismatch'
  | 'token_inactive'
  | 'token_binding_failed'
  | 'subject_mismatch'

/** Codes of a resource server's answer (RFC 6750 section 3.1, RFC 9449 section 7.1, RFC 9470 section 3). */
export type BearerErrorCode =
  | 'missing_token'
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'

/** Codes of a guard's decision. */
export type AccessErrorCode = 'login_needed' | 'not_allowed' | 'cross_site_request'

/** Codes of the login session. */
export type SessionErrorCode =
  | 'session_missing'
  | 'session_expired'
  | 'session_too_large'
  | 'access_token_missing'
  | 'access_token_expired'
  | 'headers_already_sent'
  | 'session_store_unavailable'

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

/** What an error is made of beside its message. */
export interface OidcErrorDetails {
  /** HTTP status; the class has a default. */
  readonly status?: number
  /** Response headers, such as `Retry-After` or `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The inner failure. Must hold no secret: it ends up in logs. */
  readonly cause?: unknown
}

/** The base of every error that this package throws or passes to `next`. Express and Connect honour `status`, `headers` and `expose`. */
export class OidcError<Code extends OidcErrorCode = OidcErrorCode> extends Error {
  readonly code: Code
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Whether `message` may be shown to the person at the browser. */
  readonly expose: boolean

  constructor(code: Code, message: string, status: number, details: OidcErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.status = details.status ?? status
    this.headers = details.headers ?? {}
    this.expose = this.status < 500
  }

  /** Same as `status`: the spelling that http-errors and finalhandler also read. */
  get statusCode(): number {
    return this.status
  }
}

/** The application's set-up is wrong. Thrown at construction, or on first use where it could not be known earlier. */
export class ConfigurationError extends OidcError<ConfigurationErrorCode> {
  constructor(code: ConfigurationErrorCode, message: string, details?: OidcErrorDetails) {
    super(code, message, 500, details)
  }
}

/** The authorization server is away (503, with `Retry-After`) or answers nonsense (502). Nobody is logged out by it. */
export class ProviderError extends OidcError<ProviderErrorCode> {
  constructor(code: ProviderErrorCode, message: string, details?: OidcErrorDetails) {
    super(code, message, 503, details)
  }
}

/** The authorization response is a refusal by the person or the provider, or breaks a rule of the protocol. */
export class AuthorizationResponseError extends OidcError<AuthorizationResponseErrorCode> {
  constructor(code: AuthorizationResponseErrorCode, message: string, details?: OidcErrorDetails) {
    super(code, message, code === 'access_denied' || code === 'authentication_too_weak' ? 403 : 400, details)
  }
}

/** The login that this response belongs to is unknown here, too old (410), used up, or goes in circles. */
export class TransactionError extends OidcError<TransactionErrorCode> {
  constructor(code: TransactionErrorCode, message: string, details?: OidcErrorDetails) {
    super(code, message, code === 'transaction_expired' ? 410 : code === 'login_refused' ? 403 : 400, details)
  }
}

/** The token endpoint refused the grant, or answered with something that is no token response. */
export class TokenEndpointError extends OidcError<TokenEndpointErrorCode> {
  constructor(code: TokenEndpointErrorCode, message: string, details?: OidcErrorDetails) {
    super(code, message, code === 'invalid_grant' ? 400 : 502, details)
  }
}

/** A token failed validation. At the callback it is the provider's fault (502); at an API it becomes a {@link BearerError}. */
export class TokenValidationError extends OidcError<TokenValidationErrorCode> {
  constructor(code: TokenValidationErrorCode, message: string, details?: OidcErrorDetails) {
    super(code, message, 502, details)
  }
}

/** A resource server's refusal, with its challenge in `headers['WWW-Authenticate']`. */
export class BearerError extends OidcError<BearerErrorCode> {
  constructor(code: BearerErrorCode, message: string, details?: OidcErrorDetails) {
    super(code, message, code === 'invalid_request' ? 400 : code === 'insufficient_scope' ? 403 : 401, details)
  }
}

/** A guard said no: nobody is signed in (401), or the signed-in principal is not allowed (403). */
export class AccessError extends OidcError<AccessErrorCode> {
  /** The kind of the requirement that failed, such as `scope` or `claim`; absent when nobody is signed in. */
  readonly requirement?: string
  /** At `login_needed` by `oidc()`: where to sign in and come back to the page, for the link of an error page. */
  readonly loginUrl?: string

  constructor(
    code: AccessErrorCode,
    message: string,
    details: OidcErrorDetails & { readonly requirement?: string; readonly loginUrl?: string } = {},
  ) {
    super(code, message, code === 'login_needed' ? 401 : 403, details)
    if (details.requirement !== undefined) this.requirement = details.requirement
    if (details.loginUrl !== undefined) this.loginUrl = details.loginUrl
  }
}

/** The login session cannot do what was asked of it; or its store is away, so that it is not known who is signed in (503, with `Retry-After`). */
export class SessionError extends OidcError<SessionErrorCode> {
  constructor(code: SessionErrorCode, message: string, details?: OidcErrorDetails) {
    super(code, message, sessionStatus(code), details)
  }
}

function sessionStatus(code: SessionErrorCode): number {
  if (code === 'session_store_unavailable') return 503
  return code === 'session_too_large' || code === 'headers_already_sent' ? 500 : 401
}
