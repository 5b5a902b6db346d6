import type { ClientCredentialsConfiguration } from '../options/client/schema.js'
import type { Runtime } from '../base/runtime.js'
import { tokenNeeds } from '../provider/metadata.js'
import { type Provider, createProvider } from '../provider/provider.js'
import { credentialsOf } from './credentials.js'

/** The age at which metadata and keys are fetched again, and how long keys stay in use during an outage, in seconds. */
const ages = { metadataMaxAgeSeconds: 1800, keysMaxAgeSeconds: 600, keysStaleSeconds: 24 * 3600 }

/** Creates the provider for a machine client: no logins, and keys are fetched only if a token response has an ID Token. */
export function createTokenProvider(configuration: ClientCredentialsConfiguration, runtime: Runtime): Provider {
  const { issuer, clientId, clientAuthentication, clientAssertionAlg, dpop } = configuration
  const { httpTimeoutSeconds, dangerouslyAllowHttp } = configuration
  const httpClient = { httpTimeoutSeconds, dangerouslyAllowHttp, fetch: configuration.fetch }
  return createProvider(
    { issuer, runtime, clockToleranceSeconds: 30, ...httpClient, ...ages },
    {
      clientId,
      idTokenSigningAlg: 'RS256',
      ...credentialsOf(configuration),
      clientAuthentication,
      clientAssertionAlg,
      ...(dpop === undefined ? {} : { dpop }),
    },
    tokenNeeds,
  )
}

/** The `fetch` for requests to APIs. */
export function fetchOf({ fetch = globalThis.fetch }: ClientCredentialsConfiguration): typeof fetch {
  return fetch
}
