import { redactedCause, ownError } from '../../base/error-cause.js'
import { outage } from '../../base/outage.js'
import type { OidcError } from '../../errors.js'

/**
 * Calls a function of an option. If it fails or is late, that is an outage: it asks a vault or a device.
 *
 * @param name - the option
 * @throws {ProviderError} `provider_timeout`, `provider_unavailable`
 */
export async function withinDeadline(name: string, lookup: () => unknown, seconds: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(outage('provider_timeout', `the function in "${name}" did not return within ${seconds} seconds`))
    }, seconds * 1000)
    timer.unref()
  })
  try {
    return await Promise.race([(async () => lookup())(), deadline])
  } catch (error) {
    throw failureOf(name, error)
  } finally {
    clearTimeout(timer)
  }
}

function failureOf(name: string, error: unknown): OidcError {
  return (
    ownError(error) ??
    outage('provider_unavailable', `the function in "${name}" failed`, undefined, redactedCause(error))
  )
}
