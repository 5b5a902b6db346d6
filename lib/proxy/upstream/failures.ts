import { isError, isOidcError, redactedCause, systemCode } from '../../base/error-cause.js'
import { AccessError, type OidcError, SessionError, UpstreamError } from '../../errors.js'
import { thrownError } from '../../middleware/http/error-response.js'
import { tlsFailure } from '../../provider/tls/failure.js'
import type { TargetFlaw } from '../path.js'

const timeouts = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']
// HPE_: the parser's.
const invalid = /^(?:HPE_\w+|UND_ERR_(?:HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH|HTTP_PARSER)|ERR_HTTP2_\w+)$/

/** The error of a request that the API has not answered. */
export function upstreamError(reason: unknown): unknown {
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
  const why = tlsFailure(reason, false)
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

/** The error for a request target that may lead elsewhere. */
export function refusedTarget(flaw: TargetFlaw): AccessError {
  return flaw === 'length'
    ? notForwarded('the URL is longer than 8192 characters', 414)
    : notForwarded('the path has a spelling that servers read in different ways: send it in its plainest form', 400)
}

/** The error for a method that is not for APIs. */
export function refusedMethod(): AccessError {
  const headers = { Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }
  return new AccessError('not_forwarded', 'this method is not sent on to an API', { status: 405, headers })
}

function notForwarded(message: string, status: number): AccessError {
  return new AccessError('not_forwarded', message, { status })
}

/** Whether a login helps: the session has ended, or its access token has expired for good. */
export function isLoginNeeded(error: OidcError): error is SessionError {
  const codes: readonly string[] = ['session_missing', 'session_expired', 'access_token_expired']
  return error instanceof SessionError && codes.includes(error.code)
}
