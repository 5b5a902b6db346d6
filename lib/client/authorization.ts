import { ConfigurationError } from '../errors.js'
import type { AuthorizedFetch } from '../fetch/authorized-fetch.js'
import { requireAllowed } from '../fetch/authorized-fetch.js'
import type { AuthorizedRequest } from './token-source.js'

/**
 * The headers that hold a token, for a request that somebody else makes.
 *
 * @throws {ConfigurationError} `invalid_options` where a proof is needed and it is not known for what
 * @throws what `token` throws
 */
export async function authorizationFor(
  settings: Omit<AuthorizedFetch, 'token'>,
  request: AuthorizedRequest | undefined,
  token: () => Promise<string>,
): Promise<Readonly<Record<string, string>>> {
  const { dpop } = settings
  const url = request === undefined ? undefined : requireAllowed(request.url, settings, 'authorize()')
  if (dpop === undefined) return { authorization: `Bearer ${await token()}` }
  if (request === undefined || url === undefined) {
    const example = 'authorize(headers, target, { method, url })'
    throw new ConfigurationError('invalid_options', `a bound token goes with a proof for one request: use ${example}`)
  }
  const accessToken = await token()
  const { method = 'GET', nonce } = request
  return { authorization: `DPoP ${accessToken}`, dpop: dpop.prove({ method, url, accessToken, nonce }) }
}
