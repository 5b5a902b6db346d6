import type { ClientCredentialsConfiguration } from '../options/client/schema.js'
import type { Runtime } from '../base/runtime.js'
import { tokenNeeds } from '../provider/metadata.js'
import { type Provider, createProvider } from '../provider/provider.js'
import { omitUndefined } from '../base/json.js'
import { connectionSettings, descriptionSettings, providerSettings } from '../provider/settings.js'
import { clientIdentity } from '../provider/authentication/credentials.js'

/** Creates the provider for a machine client: no logins, and keys are fetched only if a token response has an ID Token. */
export function createTokenProvider(configuration: ClientCredentialsConfiguration, runtime: Runtime): Provider {
  const { issuer, dpop } = configuration
  return createProvider(
    {
      issuer,
      ...descriptionSettings(configuration),
      ...providerSettings(configuration, runtime),
      ...connectionSettings(configuration, runtime),
    },
    { ...clientIdentity(configuration), idTokenSigningAlg: 'RS256', ...omitUndefined({ dpop }) },
    tokenNeeds,
  )
}
