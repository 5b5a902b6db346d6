import type { OidcConfiguration } from '../../options/oidc/schema.js'
import type { Runtime } from '../../base/runtime.js'
import { createExchangedTokens } from '../../client/token-exchange.js'
import { createProvider } from '../../provider/provider.js'
import { clientSettings, connectionSettings, descriptionSettings, providerSettings } from '../../provider/settings.js'
import type { Application } from '../../relying-party/application.js'
import { createRelyingParty } from '../../relying-party/create.js'
import type { WebRelyingParty } from './relying-parties.js'

// A session may have several. One that was evicted is exchanged again.
const maxExchanges = 10_000

/**
 * Creates a relying party, with nothing fetched yet.
 *
 * @param place - the application, and the provider's name there, if it has several providers
 */
export function createWebRelyingParty(
  configuration: OidcConfiguration,
  runtime: Runtime,
  place?: { readonly application: Application; readonly name: string },
): WebRelyingParty {
  const { issuer, clientId } = configuration
  const provider = createProvider(
    {
      issuer,
      ...descriptionSettings(configuration),
      ...providerSettings(configuration, runtime),
      ...connectionSettings(configuration, runtime),
    },
    clientSettings(configuration),
  )
  const exchanges = createExchangedTokens({ issuer, clientId, cacheMaxEntries: maxExchanges }, provider, runtime)
  // Anything bound to another certificate than the present one is refused.
  provider.tls?.onReplaced(() => exchanges.cache.clear())
  return { ...createRelyingParty(configuration, provider, runtime, place), exchanges }
}
