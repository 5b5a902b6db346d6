import type { OidcConfiguration } from '../options/oidc/schema.js'
import type { Runtime } from '../base/runtime.js'
import { clientJwks } from '../provider/authentication/client-jwks.js'
import type { ProvidersConfiguration } from '../options/oidc/providers/parse-providers.js'
import { type Application, createApplication } from '../relying-party/application.js'
import { createDevices } from '../relying-party/device-bound/devices.js'
import { listedRelyingParties } from './providers/listed.js'
import { resolvedRelyingParties } from './providers/resolved.js'
import { transactionCookieName } from '../relying-party/base-url.js'
import { byCookieName } from '../relying-party/base-urls.js'
import type { OidcContext } from './session/request-context.js'
import { CircuitBreaker } from '../base/circuit-breaker.js'
import { Revalidation } from '../relying-party/revalidation.js'
import { onlyRelyingParty, type RelyingParties, type WebRelyingParty } from './providers/relying-parties.js'
import { createWebRelyingParty } from './providers/web-relying-party.js'
import { ListedSessions } from './session/list/listed-sessions.js'
import { createSessionStorages } from './session/storage/session-storage.js'
import { createFlowCookies } from './session/flow-cookies.js'
import { createTransactionCookies } from './session/transaction-cookies.js'
import { createMigration } from './session/migration/migration.js'
import { createUseRule } from './session/storage/use-rule.js'
import { transactionSeconds } from '../relying-party/login/transaction/transaction.js'

/** Creates what all requests to one `oidc()` share. */
export function createContext(
  configuration: OidcConfiguration,
  runtime: Runtime,
): { readonly context: OidcContext; readonly rp: WebRelyingParty } {
  const rp = createWebRelyingParty(configuration, runtime)
  const context = contextOf(rp, onlyRelyingParty(rp))
  return {
    context: { ...context, jwks: clientJwks(configuration), migration: createMigration(rp, context.binding) },
    rp,
  }
}

/** The same for several providers. */
export function createContextOfSeveral(configuration: ProvidersConfiguration, runtime: Runtime): OidcContext {
  const { providers } = configuration
  const application = createApplication(configuration, ['providers'], runtime)
  const relyingParties =
    typeof providers === 'function'
      ? resolvedRelyingParties(application, configuration, providers)
      : listedRelyingParties(application, providers)
  const listed = typeof providers === 'function' ? [] : providers.map((each) => each.configuration)
  const { loginPage } = configuration
  return { ...contextOf(application, relyingParties), loginPage, jwks: clientJwks(configuration, listed) }
}

function contextOf(application: Application, relyingParties: RelyingParties): OidcContext {
  const { baseUrls, configuration, runtime, refreshes } = application
  const { secure } = baseUrls
  const countsAsUse = createUseRule(application)
  const devices = createDevices(application)
  const listed =
    application.sessionList === undefined
      ? undefined
      : new ListedSessions(application.sessionList, (record) => relyingParties.of(record)?.configuration)
  const storageOf = createSessionStorages(application, { countsAsUse, listed, devices })
  return {
    application,
    relyingParties,
    storageOf: relyingParties.areNamed
      ? (req, httpRequest, res) => relyingParties.guard(storageOf(req, httpRequest, res), req)
      : storageOf,
    binding: {
      limits: configuration.session,
      countsAsUse,
      runtime,
      areEndsShared: application.sharedStore !== undefined,
      refreshes,
      listed,
      forget: (record) => {
        const rp = relyingParties.of(record)
        rp?.userinfo.forget(record)
        rp?.grants.unverified.forget(record)
      },
    },
    transactionCookies: createTransactionCookies({
      name: transactionCookieName(configuration),
      secure,
      maxAgeSeconds: transactionSeconds,
    }),
    flowCookies: byCookieName(baseUrls, (name) => createFlowCookies(name, secure)),
    revalidation: new Revalidation(application),
    silentLogins: new CircuitBreaker(runtime),
    devices,
  }
}
