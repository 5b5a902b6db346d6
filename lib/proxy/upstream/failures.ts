import { isError, isOidcError, redactedCause, systemCode } from '../../base/error-cause.js'
import { type OidcError, SessionError, UpstreamError } from '../../errors.js'
import { thrownError } from '../../middleware/http/error-response.js'
import { tlsFailure } from '../../provider/tls/failure.js'
import { notForwarded } from '../refusals.js'

const timeouts = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']
// HPE_: the parser's.
const invalid = /^(?:HPE_\w+|UND_ERR_(?:HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH|HTTP_PARSER)|ERR_HTTP2_\w+)$/

/**
 * The error of a request that the API has not answered.
 *
 * @param hasCertificate - whether the connection presents a certificate of the client
 */
export function upstreamError(reason: unknown, hasCertificate: boolean): unknown {
  if (isOidcError(reason)) return reason
  const code = isError(reason) ? codeOf(reason) : undefined
  // A mistake of this package or of the application, not of the API.
  if (code === undefined) return thrownError(reason)
  const cause = redactedCause(reason)
  if (code === 'UND_ERR_INVALID_ARG') return notForwarded('a header or the method of the request is not valid', 400)
  if (timeouts.includes(code)) {
    return new UpstreamError('upstream_timeout', 'the API behind apiProxy() took longer than "timeoutSeconds"', {
      cause,
    })
  }
  if (invalid.test(code)) {
    return new UpstreamError('upstream_response_invalid', 'the API behind apiProxy() sent no valid response', { cause })
  }
  const why = tlsFailure(reason, hasCertificate)
  const message = `the API behind apiProxy() could not be reached${why === undefined ? '' : ` (${why})`}`
  return new UpstreamError('upstream_unreachable', message, { cause })
}

const lost = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']

/** Whether a connection has broken before the response, as one does that the API has closed meanwhile because it was idle. */
export function isLostConnection(error: unknown): boolean {
  return isError(error) && lost.includes(systemCode(error) ?? '')
}

// Not all errors of undici's parser have a code.
function codeOf(error: Error): string | undefined {
  return error.name === 'HTTPParserError' ? 'HPE_INVALID' : systemCode(error)
}

/** Whether a login helps: the session has ended, or its access token has expired for good. */
export function isLoginNeeded(error: OidcError): error is SessionError {
  const codes: readonly string[] = ['session_missing', 'session_expired', 'access_token_expired']
  return error instanceof SessionError && codes.includes(error.code)
}
