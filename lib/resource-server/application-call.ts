import { isOidcError } from '../base/error-cause.js'
import { outage } from '../base/outage.js'
import { callInTime } from '../base/timers/call-in-time.js'
import { BearerError, ConfigurationError, ProviderError } from '../errors.js'
import { asOutage } from './challenges.js'

/**
 * Calls a function from the options, whose failure is an outage. It may use this package itself: the status of an error from
 * there, such as a refused grant or a session that has ended, is about another call, and not about this request.
 *
 * @param option - its name, for messages
 * @throws {ProviderError} with status 503
 * @throws {BearerError} which the function refuses the credentials with
 * @throws {ConfigurationError} which tells of a mistake
 */
export async function callApplication(option: string, call: () => unknown, seconds: number): Promise<unknown> {
  try {
    return await callInTime(option, call, seconds)
  } catch (error) {
    if (error instanceof ProviderError) throw asOutage(error)
    if (!isOidcError(error) || error instanceof BearerError || error instanceof ConfigurationError) throw error
    throw outage('provider_unavailable', `the function in "${option}" failed`, undefined, error)
  }
}
