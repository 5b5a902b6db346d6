import { isOidcError } from '../../../base/error-cause.js'
import type { Keys } from '../../../provider/keys.js'
import { fail, type Finding, ok } from '../finding.js'

const check = 'keys'

/**
 * Fetches the issuer's keys, and looks whether one of them can verify what the options accept.
 *
 * @param option - the option with the algorithms
 */
export async function checkKeys(keys: Keys, algorithms: readonly string[], option: string): Promise<Finding> {
  try {
    await keys.ready()
  } catch (error) {
    if (!isOidcError(error)) throw error
    return fail(
      check,
      error.message,
      'look at "jwks_uri" in the metadata: it must be reachable from here, and have public keys',
    )
  }
  const usable = algorithms.filter((alg) => keys.find({ alg }).length > 0)
  if (usable.length > 0) return ok(check, `the provider has keys for ${usable.join(', ')}`)
  const message = `the provider publishes no key for ${algorithms.join(' or ')}, which "${option}" accepts`
  return fail(check, message, `set "${option}" to the algorithm that this client is registered with`)
}
