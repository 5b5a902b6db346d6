import type {
  AccessErrorCode,
  AuthorizationResponseErrorCode,
  BearerErrorCode,
  ProviderErrorCode,
  SessionErrorCode,
  TokenEndpointErrorCode,
  TransactionErrorCode,
  UpstreamErrorCode,
} from './error-codes.js'

type Statuses<Code extends string> = Readonly<Partial<Record<Code, number>>>

/** The HTTP status of each code of a class: the usual one, except for those listed. */
function statusOf<Code extends string>(usual: number, others: Statuses<Code>): (code: Code) => number {
  return (code) => others[code] ?? usual
}

/** 503: the server is unavailable. With 502 it is there, but to ask it again would not help. */
export const providerStatus = statusOf<ProviderErrorCode>(503, {
  provider_redirected: 502,
  provider_response_too_large: 502,
  provider_response_invalid: 502,
  provider_issuer_mismatch: 502,
  provider_metadata_invalid: 502,
  provider_keys_invalid: 502,
  provider_refused_client: 502,
  stream_refused: 502,
})

/** 400: the response is invalid. */
export const authorizationResponseStatus = statusOf<AuthorizationResponseErrorCode>(400, {
  access_denied: 403,
  authentication_too_weak: 403,
  method_not_allowed: 405,
  body_too_large: 413,
  unsupported_media_type: 415,
})

/** 400: the login is unknown or was finished before. */
export const transactionStatus = statusOf<TransactionErrorCode>(400, { transaction_expired: 410, login_refused: 403 })

/** 502: the token endpoint refused the request, or its response is invalid. */
export const tokenEndpointStatus = statusOf<TokenEndpointErrorCode>(502, {
  interaction_required: 401,
  invalid_grant: 400,
})

/** 401: the credentials are missing or invalid (RFC 6750 section 3.1). */
export const bearerStatus = statusOf<BearerErrorCode>(401, { invalid_request: 400, insufficient_scope: 403 })

/** 403: the principal is not allowed. */
export const accessStatus = statusOf<AccessErrorCode>(403, {
  login_needed: 401,
  host_not_allowed: 421,
  decision_unavailable: 503,
})

/** 401: nobody is signed in any more. */
export const sessionStatus = statusOf<SessionErrorCode>(401, {
  session_store_unavailable: 503,
  session_too_large: 500,
  headers_already_sent: 500,
})

/** 502: the API is unavailable, or its response is invalid. */
export const upstreamStatus = statusOf<UpstreamErrorCode>(502, { upstream_timeout: 504 })
