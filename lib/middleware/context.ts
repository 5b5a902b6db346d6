import type { OidcConfiguration } from '../options/oidc/schema.js'
import type { Runtime } from '../base/runtime.js'
import { byCookieName, transactionCookieName } from '../relying-party/base-url.js'
import type { OidcContext } from './session/request-context.js'
import { createExchangedTokens } from '../client/token-exchange.js'
import { createProvider } from '../provider/provider.js'
import { CircuitBreaker } from '../base/circuit-breaker.js'
import { Revalidation } from '../relying-party/revalidation.js'
import { createRelyingParty } from '../relying-party/create.js'
import { createSessionStorages } from './session/storage/session-storage.js'
import { createFlowCookies } from './session/flow-cookies.js'
import { createTransactionCookies } from './session/transaction-cookies.js'
import { clientSettings, descriptionSettings, providerSettings } from '../provider/settings.js'
import { transactionSeconds } from '../relying-party/login/transaction/transaction.js'

// A session may have several. One that was evicted is exchanged again.
const maxExchanges = 10_000

/** Creates what all requests to one `oidc()` share. */
export function createContext(configuration: OidcConfiguration, runtime: Runtime): OidcContext {
  const { issuer, clientId, session } = configuration
  const provider = createProvider(
    { issuer, ...descriptionSettings(configuration), ...providerSettings(configuration, runtime) },
    clientSettings(configuration),
  )
  const rp = createRelyingParty(configuration, provider, runtime)
  const { secure } = rp.baseUrls[0]
  const formPost = configuration.authorizationParams['response_mode'] === 'form_post'
  return {
    rp,
    storageOf: createSessionStorages(rp),
    binding: {
      limits: session,
      runtime,
      refreshes: rp.refreshes,
      forget: (record) => {
        rp.userinfo.forget(record)
        rp.grants.unverified.forget(record)
      },
    },
    transactionCookies: createTransactionCookies({
      name: transactionCookieName(configuration),
      secure,
      formPost,
      maxAgeSeconds: transactionSeconds,
    }),
    exchanges: createExchangedTokens({ issuer, clientId, cacheMaxEntries: maxExchanges }, provider, runtime),
    flowCookies: byCookieName(rp.baseUrls, (name) => createFlowCookies(name, secure)),
    revalidation: new Revalidation(rp),
    silentLogins: new CircuitBreaker(runtime),
  }
}
