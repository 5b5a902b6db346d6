import { setMaxListeners } from 'node:events'
import { types } from 'node:util'
import { SessionError } from '../errors.js'

/**
 * Runs a call with a deadline. After that, its commands are removed from the client's queues: node-redis keeps commands
 * while it reconnects, and a write that has already been reported as failed must not happen a minute later.
 *
 * @param onMissed - called if there was no reply in time, with the pending call
 * @throws {SessionError} `session_store_unavailable`, for any failure
 */
export function bounded<Reply>(
  seconds: number,
  call: (signal: AbortSignal) => Promise<Reply>,
  onMissed: (pending: Promise<Reply>) => void,
): Promise<Reply> {
  const controller = new AbortController()
  // Every command adds a listener, and Node would warn of a leak.
  setMaxListeners(Infinity, controller.signal)
  const pending = call(controller.signal)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(outage(`Redis did not answer within ${seconds} seconds`))
      controller.abort()
      onMissed(pending)
    }, seconds * 1000)
    pending.then(
      (reply) => {
        clearTimeout(timer)
        resolve(reply)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(redisFailure(error))
      },
    )
  })
}

const retryAfterSeconds = 5

/** A 503 with `Retry-After`, for when Redis is unavailable, slow, or replies with an error. */
export function outage(message: string, cause?: unknown): SessionError {
  return new SessionError('session_store_unavailable', message, {
    headers: { 'Retry-After': String(retryAfterSeconds) },
    cause,
  })
}

/** Maps any error of a Redis client. */
export function redisFailure(error: unknown): SessionError {
  const trace = redactedCause(error)
  return outage(`Redis is not available: ${trace?.message ?? 'unknown'}`, trace)
}

/**
 * Copies class and code of an error and its causes, but not their messages: Redis quotes the arguments of commands that
 * it does not know, which are keys and values.
 */
function redactedCause(error: unknown, depth = 4): Error | undefined {
  if (depth === 0 || !isError(error)) return undefined
  const code = codeOf(error)
  const cause = redactedCause(error.cause, depth - 1)
  const trace = new Error(code ?? error.constructor.name, cause === undefined ? undefined : { cause })
  trace.name = error.constructor.name
  return Object.assign(trace, code === undefined ? {} : { code })
}

/** The system's error code, or the one at the start of a Redis error reply, such as READONLY. */
function codeOf(error: Error): string | undefined {
  const code = 'code' in error ? String(error.code) : error.message
  return /^[A-Z][A-Z0-9_]{1,31}(?= |$)/.exec(code)?.[0]
}

// Under test runners, Node's own errors come from another realm.
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error
}
