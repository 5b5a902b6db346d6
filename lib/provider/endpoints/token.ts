import type { Engine } from '../openid-client.js'
import { tokenEndpointFailure } from '../errors.js'

/**
 * Makes a token request, and once more where the server asks for a proof with its nonce (RFC 9449 section 8): it does so
 * before it looks at the grant. The second request is built anew, its client assertion too.
 *
 * @throws {OidcError} as {@link tokenEndpointFailure} tells failures apart
 */
export async function requestTokens<T>({ dpop, tokenEndpoint }: Engine, send: () => Promise<T>): Promise<T> {
  const failed = (error: unknown): never => {
    throw tokenEndpointFailure(error)
  }
  if (dpop === undefined || tokenEndpoint === undefined) return send().catch(failed)
  const nonce = dpop.nonceOf(tokenEndpoint)
  return send().catch((error: unknown) => {
    const isOld = asksForNonce(error) && dpop.nonceOf(tokenEndpoint) !== nonce
    return isOld ? send().catch(failed) : failed(error)
  })
}

function asksForNonce(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'error') === 'use_dpop_nonce'
}
