import { LRUCache } from 'lru-cache'
import type { OidcConfiguration } from '../options/oidc/schema.js'
import type { Runtime } from '../base/runtime.js'
import { isSharedStore, type SharedStore } from '../options/common/stores.js'
import type { Provider } from '../provider/provider.js'
import { createSeal, type Seal } from '../seal/seal.js'
import type { SessionRecord } from '../session/record.js'
import { type GuardedStore, guardStore } from '../session/shared/guarded-store.js'
import { SharedRevocations } from '../session/revocation/shared-revocations.js'
import { expressSessionStore } from '../session/shared/express-store.js'
import { ProcessRevocations, type SessionRevocations } from '../session/revocation/revocations.js'
import {
  type UsedLogoutTokens,
  usedLogoutTokensInProcess,
  sharedUsedLogoutTokens,
} from './logout/used-logout-tokens.js'
import { RefreshGrants } from './tokens/refresh-grant.js'
import { RefreshCoordinator, type Refreshes } from './tokens/refreshes.js'
import { SharedRefreshes } from './tokens/shared-refreshes.js'
import { createBaseUrls, type BaseUrl } from './base-url.js'
import { TargetQuota } from './login/transaction/target-quota.js'
import { transactionSeconds } from './login/transaction/transaction.js'
import { UserinfoCache } from './userinfo-cache.js'

/** One relying party: the application as a client of one authorization server. */
export interface RelyingParty {
  readonly configuration: OidcConfiguration
  readonly baseUrls: readonly [BaseUrl, ...BaseUrl[]]
  readonly provider: Provider
  readonly runtime: Runtime
  readonly transactionSeal: Seal
  /** Seals return targets that are too long for their transaction. */
  readonly targetSeal: Seal
  readonly targetQuota: TargetQuota
  /** Seals what waits for people who come back from the provider's logout. */
  readonly logoutSeal: Seal
  /** Logins that this process is finishing or has finished, by the hash of their state: a code is exchanged once. */
  readonly logins: LRUCache<string, Login>
  readonly refreshes: Refreshes
  readonly grants: Pick<RefreshGrants, 'spend' | 'unverified'>
  readonly userinfo: UserinfoCache
  /** Logouts, by what they end. */
  readonly revocations: SessionRevocations
  /** Logout tokens that have been used. */
  readonly usedLogoutTokens: UsedLogoutTokens
  /** What the processes of this application share, if they share anything. */
  readonly sharedStore: GuardedStore | undefined
  /** Where sessions are kept, if not with the browser. */
  readonly sessionStore: GuardedStore | undefined
}

/** A login whose code is being exchanged, or was: its tokens are not kept a moment longer. */
export type Login =
  | { readonly state: 'running'; readonly session: Promise<SessionRecord> }
  | { readonly state: 'succeeded'; readonly subject: string; readonly returnTo: string }
  | { readonly state: 'failed' }

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
