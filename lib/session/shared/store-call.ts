import { storeOutage } from './outage.js'

/** What a store of express-session calls once it is done. */
export type StoreCallback = (error?: unknown, value?: unknown) => void

/** What is called, and how long it may take. */
export interface StoreCallSettings {
  readonly timeoutSeconds: number
  /** Begins the messages of failures, such as `the session store`. */
  readonly what: string
}

/**
 * Calls a store that answers by a callback, and settles in time.
 *
 * @throws {SessionError} `session_store_unavailable`, for whatever goes wrong
 */
export function storeCall(
  { timeoutSeconds, what }: StoreCallSettings,
  work: (done: StoreCallback) => unknown,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(storeOutage(`${what} did not answer within ${timeoutSeconds} seconds`))
    const timer = setTimeout(late, timeoutSeconds * 1000).unref()
    const done: StoreCallback = (error, value) => {
      clearTimeout(timer)
      if (error === undefined || error === null || isMissing(error)) resolve(value)
      else reject(storeOutage(`${what} failed`, error))
    }
    try {
      const returned = work(done)
      // Some reject besides; a promise that is fulfilled says nothing, since the value comes by the callback.
      if (isThenable(returned)) returned.then(undefined, done)
    } catch (error) {
      done(error)
    }
  })
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'then') === 'function'
}

// express-session takes this code for "there is none".
function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && Reflect.get(error, 'code') === 'ENOENT'
}
