import { SessionError } from '../errors.js'
import { isError, traceOf } from '../options/error-trace.js'

const retryAfterSeconds = 5

/** A 503 with `Retry-After`: Redis is away, slow, or says that it cannot. It is never an answer to the question asked. */
export function outage(message: string, cause?: unknown): SessionError {
  return new SessionError('session_store_unavailable', message, {
    headers: { 'Retry-After': String(retryAfterSeconds) },
    cause,
  })
}

/** Maps whatever a client of Redis threw. Of its message only the first word is told: Redis quotes the arguments of commands that it does not know. */
export function redisFailure(error: unknown): SessionError {
  const trace = traceOf(error)
  return outage(`Redis is not available: ${replyCode(error) ?? trace?.message ?? 'unknown'}`, trace)
}

/** The word that Redis begins its error replies with, such as READONLY. */
function replyCode(error: unknown): string | undefined {
  return isError(error) ? /^[A-Z][A-Z0-9_]{1,31}(?= |$)/.exec(error.message)?.[0] : undefined
}
