import type { OidcConfiguration } from '../options/oidc/schema.js'
import type { Runtime } from '../base/runtime.js'
import type { ClientSettings, ProviderSettings } from '../provider/types.js'

/** Age at which metadata and keys are fetched again, and how long keys are used during an outage, in seconds. */
const ages = { metadataMaxAgeSeconds: 1800, keysMaxAgeSeconds: 600, keysStaleSeconds: 24 * 3600 }

/** The part of a configuration about the authorization server. */
export function providerSettings(configuration: OidcConfiguration, runtime: Runtime): ProviderSettings {
  const { issuer, httpTimeoutSeconds, dangerouslyAllowHttp, clockToleranceSeconds } = configuration
  return {
    issuer,
    runtime,
    fetch: givenFetch(configuration),
    httpTimeoutSeconds,
    dangerouslyAllowHttp,
    clockToleranceSeconds,
    ...ages,
  }
}

/** The function that makes requests to APIs. */
export function fetchOf(configuration: OidcConfiguration): typeof fetch {
  return givenFetch(configuration) ?? globalThis.fetch
}

function givenFetch(configuration: OidcConfiguration): typeof fetch | undefined {
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- the schema has seen that it is a function
  return configuration.fetch as typeof fetch | undefined
}

/** The part of a configuration about this application as a client. */
export function clientSettings(configuration: OidcConfiguration): ClientSettings {
  const { clientId, idTokenSigningAlg, idTokenAudiences } = configuration
  return {
    clientId,
    idTokenSigningAlg,
    idTokenAudiences,
    ...defined({
      clientSecret: configuration.clientSecret,
      clientAuthentication: configuration.clientAuthentication,
      clientAssertionKey: configuration.clientAssertionKey,
      clientAssertionAlg: configuration.clientAssertionAlg,
      dpop: configuration.dpop,
      pushedAuthorizationRequests: configuration.pushedAuthorizationRequests,
    }),
  }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function defined<T extends object>(members: T): Defined<T> {
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- leaving out what is undefined is just what the type says
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>
}
