import { SessionError } from '../../errors.js'
import { redactedCause, systemCode } from '../error-cause.js'
import { retryAfterSeconds } from '../outage.js'

/**
 * A 503 with `Retry-After`: the session store or the shared store is unavailable, so who is signed in is unknown.
 *
 * @param message What failed.
 * @param cause Redacted, because database clients put commands and values into their errors.
 * @param codeOf Finds an error's code.
 */
export function storeOutage(message: string, cause?: unknown, codeOf = systemCode): SessionError {
  const headers = { 'Retry-After': String(retryAfterSeconds) }
  return new SessionError('session_store_unavailable', message, { headers, cause: redactedCause(cause, codeOf) })
}
