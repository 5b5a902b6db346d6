import type { ClientAuth } from 'openid-client'
import type { Platform } from '../base/runtime.js'
import { createClientAuthentication } from './client-authentication.js'
import type { ClientSettings } from './types.js'

/**
 * Makes the client's authentication, with the credentials of the moment where they are looked up.
 *
 * @throws {ConfigurationError} `invalid_options` for a method whose credential is missing or unusable
 */
export function createCurrentAuthentication(client: ClientSettings, platform: Platform): ClientAuth {
  const { currentCredentials } = client
  if (currentCredentials === undefined) return createClientAuthentication(client, platform)
  return async (...request) => {
    const current = { ...client, ...(await currentCredentials()) }
    createClientAuthentication(current, platform)(...request)
  }
}
