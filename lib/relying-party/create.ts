import { LRUCache } from 'lru-cache'
import type { OidcConfiguration } from '../options/oidc/schema.js'
import type { Runtime } from '../base/runtime.js'
import { isSharedStore, type SharedStore } from '../options/common/stores.js'
import type { Provider } from '../provider/provider.js'
import { createSeal } from '../seal/seal.js'
import { type GuardedStore, guardStore } from '../session/shared/guarded-store.js'
import { SharedRevocations } from '../session/revocation/shared-revocations.js'
import { expressSessionStore } from '../session/shared/express-store.js'
import { ProcessRevocations } from '../session/revocation/revocations.js'
import { usedLogoutTokensInProcess, sharedUsedLogoutTokens } from './logout/used-logout-tokens.js'
import { RefreshGrants } from './tokens/refresh-grant.js'
import { RefreshCoordinator, type Refreshes } from './tokens/refreshes.js'
import { SharedRefreshes } from './tokens/shared-refreshes.js'
import { createBaseUrls } from './base-url.js'
import { TargetQuota } from './login/transaction/target-quota.js'
import { transactionSeconds } from './login/transaction/transaction.js'
import { UserinfoCache } from './userinfo-cache.js'
import type { RelyingParty } from './relying-party.js'

/** Puts a relying party together. */
export function createRelyingParty(
  configuration: OidcConfiguration,
  provider: Provider,
  runtime: Runtime,
): RelyingParty {
  const [first, ...others] = createBaseUrls(configuration)
  if (first === undefined) throw new RangeError('a relying party needs a base URL')
  const { issuer, clientId, secret, session } = configuration
  // Logins and logouts on their way outlive a change of the base URLs.
  const audience = [session.cookie.name ?? 'oidc', issuer, clientId]
  const sessionStore = sessionStoreOf(configuration, runtime)
  const sharedStore = configuration.sharedStore === undefined ? sessionStore : guardStore(configuration.sharedStore)
  const { absoluteSeconds } = session
  return {
    configuration,
    baseUrls: [first, ...others],
    provider,
    runtime,
    transactionSeal: createSeal(secret, ['transaction', ...audience], runtime),
    targetSeal: createSeal(secret, ['return target', ...audience], runtime),
    targetQuota: new TargetQuota(runtime),
    logoutSeal: createSeal(secret, ['logout', ...audience], runtime),
    logins: new LRUCache({ max: 10_000, ttl: transactionSeconds * 1000, perf: runtime, ttlResolution: 0 }),
    refreshes: createRefreshes(configuration, runtime, sharedStore),
    grants: new RefreshGrants(provider, runtime, configuration.httpTimeoutSeconds),
    userinfo: new UserinfoCache(runtime),
    revocations:
      sharedStore === undefined
        ? new ProcessRevocations(runtime, absoluteSeconds)
        : new SharedRevocations({ sharedStore: sharedStore, runtime, absoluteSeconds, audience: [issuer, clientId] }),
    usedLogoutTokens:
      sharedStore === undefined
        ? usedLogoutTokensInProcess(runtime)
        : sharedUsedLogoutTokens(sharedStore, [issuer, clientId]),
    sharedStore,
    sessionStore,
  }
}

function createRefreshes(
  { issuer, clientId, secret, session, httpTimeoutSeconds }: OidcConfiguration,
  runtime: Runtime,
  sharedStore: SharedStore | undefined,
): Refreshes {
  const local = new RefreshCoordinator(runtime)
  // A session of the application's own may bring its store along.
  if (sharedStore === undefined && session.use !== 'request') return local
  const audience = [issuer, clientId]
  return new SharedRefreshes(local, { sharedStore, runtime, secrets: secret, audience, httpTimeoutSeconds })
}

function sessionStoreOf({ session }: OidcConfiguration, runtime: Runtime): GuardedStore | undefined {
  const { store, storeTimeoutSeconds: timeoutSeconds } = session
  if (store === undefined) return undefined
  return guardStore(isSharedStore(store) ? store : expressSessionStore({ store, runtime, timeoutSeconds }))
}
