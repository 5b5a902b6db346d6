import { SessionError } from '../../errors.js'
import { redactedCause } from '../../base/error-cause.js'

const retryAfterSeconds = 5

/**
 * A 503 with `Retry-After`: where sessions or logouts are kept is away, so that it is not known who is signed in.
 *
 * @param message What did not work.
 * @param cause Of which what can be shown is kept: clients of databases put commands and values into their errors.
 */
export function storeOutage(message: string, cause?: unknown): SessionError {
  const headers = { 'Retry-After': String(retryAfterSeconds) }
  return new SessionError('session_store_unavailable', message, { headers, cause: redactedCause(cause) })
}
