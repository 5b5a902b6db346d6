import type { ClientCredentialsConfiguration } from '../options/client/schema.js'
import type { Runtime } from '../base/runtime.js'
import { tokenNeeds } from '../provider/metadata.js'
import { type Provider, createProvider } from '../provider/provider.js'
import { credentialsOf } from './credentials.js'

/** How old metadata and keys may get, and how long keys outlive an outage, in seconds. */
const ages = { metadataMaxAgeSeconds: 1800, keysMaxAgeSeconds: 600, keysStaleSeconds: 24 * 3600 }

/** Puts the authorization server together as a machine needs it: without logins, and without keys unless one comes up. */
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
      ...(clientAuthentication === undefined ? {} : { clientAuthentication }),
      ...(clientAssertionAlg === undefined ? {} : { clientAssertionAlg }),
      ...(dpop === undefined ? {} : { dpop }),
    },
    tokenNeeds,
  )
}

/** What makes requests to APIs. */
export function fetchOf({ fetch = globalThis.fetch }: ClientCredentialsConfiguration): typeof fetch {
  return fetch
}
