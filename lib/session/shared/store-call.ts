import { isThenable } from '../../base/maybe-promise.js'
import { storeOutage } from '../../base/store/outage.js'

/** The callback of an express-session store. */
export type StoreCallback = (error?: unknown, value?: unknown) => void

/** The store's name for messages, and its deadline. */
interface StoreCallSettings {
  readonly timeoutSeconds: number
  /** Start of error messages, such as `the session store`. */
  readonly what: string
  /** Whether it stores something: then no error means that there was nothing. @default false */
  readonly isWrite?: boolean
}

/**
 * Calls a callback-style store, with a deadline.
 *
 * @throws {SessionError} `session_store_unavailable`, for any failure
 */
export function storeCall(
  { timeoutSeconds, what, isWrite = false }: StoreCallSettings,
  work: (done: StoreCallback) => unknown,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(storeOutage(`${what} did not answer within ${timeoutSeconds} seconds`))
    const timer = setTimeout(late, timeoutSeconds * 1000).unref()
    const done: StoreCallback = (error, value) => {
      clearTimeout(timer)
      if (error === undefined || error === null || (!isWrite && isMissing(error))) resolve(value)
      else reject(storeOutage(`${what} failed`, error))
    }
    try {
      const returned = work(done)
      // Some stores also return a promise. Its rejection counts, but not its value: that comes by the callback.
      if (isThenable(returned)) returned.then(undefined, done)
    } catch (error) {
      done(error)
    }
  })
}

// express-session treats this code as "no such session". Where the socket file of a database is gone, a connection has it too.
function isMissing(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || Reflect.get(error, 'code') !== 'ENOENT') return false
  return Reflect.get(error, 'syscall') !== 'connect'
}
