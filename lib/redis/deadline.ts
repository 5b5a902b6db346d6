import { setMaxListeners } from 'node:events'
import { outage, redisFailure } from './outage.js'

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
