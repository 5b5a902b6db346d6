import { LRUCache } from 'lru-cache'
import type { OidcConfiguration } from '../options/oidc/schema.js'
import type { Runtime } from '../base/runtime.js'
import { isSharedMemory, type SharedMemory } from '../options/common/stores.js'
import type { Provider } from '../provider/provider.js'
import { createSeal, type Seal } from '../seal/seal.js'
import type { SessionRecord } from '../session/record.js'
import { type GuardedMemory, guardMemory } from '../session/shared/guarded-memory.js'
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
  readonly sharedMemory: GuardedMemory | undefined
  /** Where sessions are kept, if not with the browser. */
  readonly sessionStore: GuardedMemory | undefined
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
  const sharedMemory = configuration.sharedMemory === undefined ? sessionStore : guardMemory(configuration.sharedMemory)
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
    refreshes: createRefreshes(configuration, runtime, sharedMemory),
    grants: new RefreshGrants(provider, runtime, configuration.httpTimeoutSeconds),
    userinfo: new UserinfoCache(runtime),
    revocations:
      sharedMemory === undefined
        ? new ProcessRevocations(runtime, absoluteSeconds)
        : new SharedRevocations({ memory: sharedMemory, runtime, absoluteSeconds, audience: [issuer, clientId] }),
    usedLogoutTokens:
      sharedMemory === undefined
        ? usedLogoutTokensInProcess(runtime)
        : sharedUsedLogoutTokens(sharedMemory, [issuer, clientId]),
    sharedMemory,
    sessionStore,
  }
}

function createRefreshes(
  { issuer, clientId, secret, session, httpTimeoutSeconds }: OidcConfiguration,
  runtime: Runtime,
  memory: SharedMemory | undefined,
): Refreshes {
  const local = new RefreshCoordinator(runtime)
  // A session of the application's own may bring its store along.
  if (memory === undefined && session.use !== 'request') return local
  const audience = [issuer, clientId]
  return new SharedRefreshes(local, { memory, runtime, secrets: secret, audience, httpTimeoutSeconds })
}

function sessionStoreOf({ session }: OidcConfiguration, runtime: Runtime): GuardedMemory | undefined {
  const { store, storeTimeoutSeconds: timeoutSeconds } = session
  if (store === undefined) return undefined
  return guardMemory(isSharedMemory(store) ? store : expressSessionStore({ store, runtime, timeoutSeconds }))
}
