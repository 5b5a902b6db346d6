import { AuthorizationResponseError, TokenValidationError } from '../../errors.js'
import { isOidcError } from '../../base/error-cause.js'
import { retryAfterSeconds } from '../../base/outage.js'
import { privateHeaders, privateJson } from '../../http/problem.js'
import type { Respond } from '../../http/outcome.js'
import type { OidcErrorCode } from '../../error-codes.js'

/** A refusal of a token, as transmitters receive it (RFC 8935 section 2.3, RFC 8936 section 2.6). */
export interface TokenRefusal {
  /** One of the registered codes (RFC 8935 section 2.4, SSF 1.0 section 8.1.4.1). */
  readonly err:
    | 'invalid_request'
    | 'invalid_key'
    | 'invalid_issuer'
    | 'invalid_audience'
    | 'authentication_failed'
    | 'invalid_state'
  readonly description: string
}

const codes: Readonly<Partial<Record<OidcErrorCode, TokenRefusal['err']>>> = {
  token_key_not_found: 'invalid_key',
  token_signature_invalid: 'invalid_key',
  token_algorithm_refused: 'invalid_key',
  token_issuer_mismatch: 'invalid_issuer',
  token_audience_mismatch: 'invalid_audience',
  token_binding_failed: 'authentication_failed',
}

/** The refusal that a transmitter gets for an error; `undefined` if the transmitter is not at fault, and has to send the token again. */
export function refusalOf(error: unknown): TokenRefusal | undefined {
  const isTheirs = error instanceof TokenValidationError || error instanceof AuthorizationResponseError
  if (!isTheirs) return undefined
  const err = error.details?.subject === 'state' ? 'invalid_state' : (codes[error.code] ?? 'invalid_request')
  return { err, description: error.message }
}

/** The answer to a push that was taken (RFC 8935 section 2.2). Apple documents 200. */
export function acceptedResponse(status = 202): Respond {
  return { kind: 'respond', status, headers: privateHeaders, body: '' }
}

/** The answer to a push that failed: 400 if it is the transmitter's fault, else 503, after which it tries again. */
export function answerFor(error: unknown): Respond | undefined {
  const refusal = refusalOf(error)
  if (refusal !== undefined) return json(400, refusal, isOidcError(error) ? error.headers : {})
  if (!isOidcError(error) || error.status === 500) return undefined
  const description = 'the event was not taken: send it again'
  return json(503, { description }, { 'Retry-After': String(retryAfterSeconds), ...error.headers })
}

/** The answer to other methods than POST. */
export function postOnly(): Respond {
  return json(
    405,
    { err: 'invalid_request', description: 'security event tokens are pushed by POST' },
    { Allow: 'POST' },
  )
}

function json(status: number, body: object, headers: Respond['headers']): Respond {
  return privateJson(status, body, { ...headers, 'Content-Language': 'en' })
}
