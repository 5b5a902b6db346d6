import { types } from 'node:util'
import { SessionError } from '../errors.js'

const retryAfterSeconds = 5

/** A 503 with `Retry-After`: Redis is away, slow, or says that it cannot. It is never an answer to the question asked. */
export function outage(message: string, cause?: unknown): SessionError {
  return new SessionError('session_store_unavailable', message, {
    headers: { 'Retry-After': String(retryAfterSeconds) },
    cause,
  })
}

/** Maps whatever a client of Redis threw. */
export function redisFailure(error: unknown): SessionError {
  const trace = traceOf(error)
  return outage(`Redis is not available: ${trace?.message ?? 'unknown'}`, trace)
}

/**
 * Copies class and code of an error and of its causes. Their messages are left behind, since Redis quotes the arguments of
 * commands that it does not know, and these are keys and values.
 */
function traceOf(error: unknown, depth = 4): Error | undefined {
  if (depth === 0 || !isError(error)) return undefined
  const code = codeOf(error)
  const cause = traceOf(error.cause, depth - 1)
  const trace = new Error(code ?? error.constructor.name, cause === undefined ? undefined : { cause })
  trace.name = error.constructor.name
  return Object.assign(trace, code === undefined ? {} : { code })
}

/** The system's code, or the one that Redis begins its error replies with, such as READONLY. */
function codeOf(error: Error): string | undefined {
  const code = 'code' in error ? String(error.code) : error.message
  return /^[A-Z][A-Z0-9_]{1,31}(?= |$)/.exec(code)?.[0]
}

// Node's own errors are of another realm under test runners.
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error
}
