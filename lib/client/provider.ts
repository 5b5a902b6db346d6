import type { ClientCredentialsConfiguration } from '../options/client/schema.js'
import type { Runtime } from '../base/runtime.js'
import { tokenNeeds } from '../provider/metadata.js'
import { type Provider, createProvider } from '../provider/provider.js'
import { omitUndefined } from '../base/json.js'
import { descriptionSettings, providerSettings } from '../provider/settings.js'
import { credentialsOf } from '../provider/credentials.js'

/** Creates the provider for a machine client: no logins, and keys are fetched only if a token response has an ID Token. */
export function createTokenProvider(configuration: ClientCredentialsConfiguration, runtime: Runtime): Provider {
  const { issuer, clientId, clientAuthentication, clientAssertionAlg, dpop } = configuration
  const { clientAssertionKid, clientAssertionCertificate, clientAssertionAudience } = configuration
  return createProvider(
    { issuer, ...descriptionSettings(configuration), ...providerSettings(configuration, runtime) },
    {
      clientId,
      idTokenSigningAlg: 'RS256',
      ...credentialsOf(configuration),
      clientAuthentication,
      clientAssertionAlg,
      clientAssertionKid,
      clientAssertionCertificate,
      clientAssertionAudience,
      ...omitUndefined({ dpop }),
    },
    tokenNeeds,
  )
}
