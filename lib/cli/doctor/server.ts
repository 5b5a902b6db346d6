import type { Runtime } from '../../base/runtime.js'
import { runtimeFor } from '../../base/runtime.js'
import type { OidcConfiguration } from '../../options/oidc/schema.js'
import { createProvider, type Provider } from '../../provider/provider.js'
import { clientSettings, connectionSettings, descriptionSettings, providerSettings } from '../../provider/settings.js'
import type { ClientSettings, ProviderSettings } from '../../provider/types.js'
import type { Surroundings } from '../../options/surroundings.js'
import type { ClientConfiguration } from './configurations.js'
import { createRequests, type Requests } from './reach/requests.js'

/** An authorization server, and how it is reached. */
export interface Server {
  readonly settings: ProviderSettings
  readonly requests: Requests
  readonly surroundings: Surroundings
}

/** An authorization server where this application is a client. */
export interface ClientServer extends Server {
  readonly name?: string
  readonly configuration: OidcConfiguration
  readonly client: ClientSettings
  /** The same code that signs people in. */
  readonly provider: Provider
  readonly runtime: Runtime
}

/** Prepares what the checks of one server need. Nothing is requested yet. */
export function createServer(settings: ProviderSettings, surroundings: Surroundings): Server {
  return { settings, requests: createRequests(settings), surroundings }
}

/** The same for a server where this application is a client. */
export function createClientServer(
  { name, configuration }: ClientConfiguration,
  surroundings: Surroundings,
): ClientServer {
  const runtime = runtimeFor(configuration)
  const settings: ProviderSettings = {
    issuer: configuration.issuer,
    ...descriptionSettings(configuration),
    ...providerSettings(configuration, runtime),
    ...connectionSettings(configuration, runtime),
  }
  const client = clientSettings(configuration)
  return {
    ...createServer(settings, surroundings),
    ...(name === undefined ? {} : { name }),
    ...{ configuration, client, provider: createProvider(settings, client), runtime },
  }
}
