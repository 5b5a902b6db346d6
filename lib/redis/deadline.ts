import { setMaxListeners } from 'node:events'
import type { SessionError } from '../errors.js'
import { redactedCause, systemCode } from '../base/error-cause.js'
import { storeOutage } from '../base/store/outage.js'

/**
 * Runs a call with a deadline. After that, its commands are removed from the client's queues: node-redis keeps commands
 * while it reconnects, and a write that has already been reported as failed must not happen a minute later.
 *
 * @param onMissed - called if there was no reply in time, with the pending call
 * @throws {SessionError} `session_store_unavailable`, for any failure
 */
export function replyInTime<Reply>(
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
      reject(storeOutage(`Redis did not answer within ${seconds} seconds`))
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

/** Maps any error of a Redis client. */
function redisFailure(error: unknown): SessionError {
  const reason = redactedCause(error, replyCode)?.message ?? 'unknown'
  return storeOutage(`Redis is unavailable: ${reason}`, error, replyCode)
}

// An error reply of Redis begins with a code, such as READONLY. The rest may quote the arguments of commands, which are keys and
// values.
function replyCode(error: Error): string | undefined {
  return 'code' in error ? systemCode(error) : /^[A-Z][A-Z0-9_]{1,31}(?= |$)/.exec(error.message)?.[0]
}
