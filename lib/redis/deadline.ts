import { setMaxListeners } from 'node:events'
import { types } from 'node:util'
import { SessionError } from '../errors.js'

/**
 * Runs a call that must settle in time. One that does not is taken out of the client's queues: node-redis keeps commands
 * while it reconnects, and a write that nobody waits for any more must not happen a minute later.
 *
 * @param onMissed - called where there was no answer in time, with the call that may still get one
 * @throws {SessionError} `session_store_unavailable`, for whatever goes wrong
 */
export function bounded<Reply>(
  seconds: number,
  call: (signal: AbortSignal) => Promise<Reply>,
  onMissed: (pending: Promise<Reply>) => void,
): Promise<Reply> {
  const controller = new AbortController()
  // Each of many commands listens, and Node would warn of a leak.
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

/** A 503 with `Retry-After`: Redis is away, slow, or says that it cannot. It is never an answer to the question asked. */
export function outage(message: string, cause?: unknown): SessionError {
  return new SessionError('session_store_unavailable', message, {
    headers: { 'Retry-After': String(retryAfterSeconds) },
    cause,
  })
}

/** Maps whatever a client of Redis threw. */
export function redisFailure(error: unknown): SessionError {
  const trace = redactedCause(error)
  return outage(`Redis is not available: ${trace?.message ?? 'unknown'}`, trace)
}

/**
 * Copies class and code of an error and of its causes. Their messages are left behind, since Redis quotes the arguments of
 * commands that it does not know, and these are keys and values.
 */
function redactedCause(error: unknown, depth = 4): Error | undefined {
  if (depth === 0 || !isError(error)) return undefined
  const code = codeOf(error)
  const cause = redactedCause(error.cause, depth - 1)
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
