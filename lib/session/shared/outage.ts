import { SessionError } from '../../errors.js'
import { redactedCause, systemCode } from '../../base/error-cause.js'
import { retryAfterSeconds } from '../../base/outage.js'

/**
 * A 503 with `Retry-After`: the store of sessions or logouts is unavailable, so who is signed in is unknown.
 *
 * @param message What failed.
 * @param cause Redacted, because database clients put commands and values into their errors.
 * @param codeOf Finds an error's code.
 */
export function storeOutage(message: string, cause?: unknown, codeOf = systemCode): SessionError {
  const headers = { 'Retry-After': String(retryAfterSeconds) }
  return new SessionError('session_store_unavailable', message, { headers, cause: redactedCause(cause, codeOf) })
}
