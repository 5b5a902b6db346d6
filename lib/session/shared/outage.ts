import { SessionError } from '../../errors.js'
import { redactedCause } from '../../base/error-cause.js'

const retryAfterSeconds = 5

/**
 * A 503 with `Retry-After`: the store of sessions or logouts is unavailable, so who is signed in is unknown.
 *
 * @param message What failed.
 * @param cause Redacted, because database clients put commands and values into their errors.
 */
export function storeOutage(message: string, cause?: unknown): SessionError {
  const headers = { 'Retry-After': String(retryAfterSeconds) }
  return new SessionError('session_store_unavailable', message, { headers, cause: redactedCause(cause) })
}
