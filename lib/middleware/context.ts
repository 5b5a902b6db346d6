import type { OidcConfiguration } from '../options/oidc/schema.js'
import type { Runtime } from '../base/runtime.js'
import type { Application } from '../relying-party/application.js'
import { transactionCookieName } from '../relying-party/base-url.js'
import { byCookieName } from '../relying-party/base-urls.js'
import type { OidcContext } from './session/request-context.js'
import { CircuitBreaker } from '../base/circuit-breaker.js'
import { Revalidation } from '../relying-party/revalidation.js'
import { onlyRelyingParty, type RelyingParties, type WebRelyingParty } from './providers/relying-parties.js'
import { createWebRelyingParty } from './providers/web-relying-party.js'
import { createSessionStorages } from './session/storage/session-storage.js'
import { createFlowCookies } from './session/flow-cookies.js'
import { createTransactionCookies } from './session/transaction-cookies.js'
import { transactionSeconds } from '../relying-party/login/transaction/transaction.js'

/** Creates what all requests to one `oidc()` share. */
export function createContext(
  configuration: OidcConfiguration,
  runtime: Runtime,
): { readonly context: OidcContext; readonly rp: WebRelyingParty } {
  const rp = createWebRelyingParty(configuration, runtime)
  const formPost = configuration.authorizationParams['response_mode'] === 'form_post'
  return { context: contextOf(rp, onlyRelyingParty(rp), formPost), rp }
}

function contextOf(application: Application, parties: RelyingParties, formPost: boolean): OidcContext {
  const { baseUrls, configuration, runtime, refreshes } = application
  const { secure } = baseUrls
  return {
    application,
    parties,
    storageOf: createSessionStorages(application),
    binding: {
      limits: configuration.session,
      runtime,
      refreshes,
      forget: (record) => {
        const rp = parties.of(record)
        rp?.userinfo.forget(record)
        rp?.grants.unverified.forget(record)
      },
    },
    transactionCookies: createTransactionCookies({
      name: transactionCookieName(configuration),
      secure,
      formPost,
      maxAgeSeconds: transactionSeconds,
    }),
    flowCookies: byCookieName(baseUrls, (name) => createFlowCookies(name, secure)),
    revalidation: new Revalidation(application),
    silentLogins: new CircuitBreaker(runtime),
  }
}
