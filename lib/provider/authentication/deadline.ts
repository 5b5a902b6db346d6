import { redactedCause, ownError } from '../../base/error-cause.js'
import { outage } from '../../base/outage.js'
import { withDeadline } from '../../base/timers/deadline.js'
import type { OidcError } from '../../errors.js'

/**
 * Calls a function from the options. Such functions ask a vault or a device, so a failure or delay is an outage.
 *
 * @param name - the option
 * @throws {ProviderError} `provider_timeout`, `provider_unavailable`
 */
export async function callInTime(name: string, lookup: () => unknown, seconds: number): Promise<unknown> {
  const late = () => outage('provider_timeout', `the function in "${name}" did not return within ${seconds} seconds`)
  try {
    return await withDeadline((async () => lookup())(), seconds * 1000, late, { ref: false })
  } catch (error) {
    throw failureOf(name, error)
  }
}

function failureOf(name: string, error: unknown): OidcError {
  return (
    ownError(error) ??
    outage('provider_unavailable', `the function in "${name}" failed`, undefined, redactedCause(error))
  )
}
