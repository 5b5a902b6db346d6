import { isOidcError, redactedCause } from '../error-cause.js'
import { isThenable } from '../maybe-promise.js'
import { outage } from '../outage.js'
import { withDeadline } from './deadline.js'
import type { ProviderError } from '../../errors.js'

const ofFunctions = new WeakSet<Error>()

/** Whether an error is from {@link callInTime}: a function from the options has failed, or is late. */
export function isOfFunction(error: Error): boolean {
  return ofFunctions.has(error)
}

/**
 * Calls a function from the options, which may ask a vault, a device or a database: its failure or delay is an outage. What the
 * function throws may hold anything, so only errors of this package stay as they are.
 *
 * @param option - its name, for messages
 * @throws {ProviderError} `provider_timeout`, `provider_unavailable`
 */
export async function callInTime(option: string, call: () => unknown, seconds: number): Promise<unknown> {
  try {
    return await returnedInTime(option, call, seconds)
  } catch (error) {
    const failure = isOidcError(error) ? error : failed(option, error)
    ofFunctions.add(failure)
    throw failure
  }
}

function failed(option: string, error: unknown): ProviderError {
  return outage('provider_unavailable', `the function in "${option}" failed`, undefined, redactedCause(error))
}

/**
 * Calls a function from the options whose errors are for the application's own error handlers: only its delay is an outage.
 *
 * @throws {ProviderError} `provider_timeout`, or what the function has thrown
 */
export async function returnedInTime<T>(option: string, call: () => T | Promise<T>, seconds: number): Promise<T> {
  const result = call()
  // What is known at once needs no timer.
  if (!isThenable(result)) return result
  const late = (): ProviderError =>
    outage('provider_timeout', `the function in "${option}" did not return within ${seconds} seconds`)
  return withDeadline(Promise.resolve(result), seconds * 1000, late, { ref: false })
}
