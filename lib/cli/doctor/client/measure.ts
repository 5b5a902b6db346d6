import { isOidcError } from '../../../base/error-cause.js'
import type { ClientServer } from '../server.js'

/**
 * Requests a token for the client itself, measures and revokes it.
 *
 * @returns how many characters it has; `undefined` if the provider gives none
 */
export async function measureToken({ provider, configuration }: ClientServer): Promise<number | undefined> {
  const { resource } = configuration
  try {
    const { accessToken } = await provider.clientCredentials({ scope: '', resource, audience: [] })
    await provider.revokeToken(accessToken, 'access_token').catch(() => false)
    return accessToken.length
  } catch (error) {
    if (isOidcError(error)) return undefined
    throw error
  }
}
