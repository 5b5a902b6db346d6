import type { LRUCache } from 'lru-cache'
import { createGrowingCache } from '../base/cache/growing-cache.js'
import type { ApplicationConfiguration } from '../options/oidc/schema.js'
import type { Runtime } from '../base/runtime.js'
import { isSharedStore, type SharedStore } from '../options/common/stores.js'
import { isIssuerTemplate } from '../options/common/tenants.js'
import { createSeal, type Seal } from '../seal/seal.js'
import type { SessionRecord } from '../session/record.js'
import { SessionList } from '../session/list/session-list.js'
import { type GuardedStore, guardStore } from '../session/shared/guarded-store.js'
import { SharedRevocations } from '../session/revocation/shared-revocations.js'
import { expressSessionStore } from '../session/shared/express-store.js'
import { ProcessRevocations, type SessionRevocations } from '../session/revocation/revocations.js'
import { type UsedIds, usedIdsInProcess, sharedUsedIds } from '../session/shared/used-ids.js'
import { createUnansweredSends, type UnansweredSends } from './tokens/refresh-grant.js'
import { RefreshCoordinator, type Refreshes } from './tokens/refreshes.js'
import { SharedRefreshes } from './tokens/shared-refreshes.js'
import { type BaseUrls, createBaseUrls } from './base-urls.js'
import { transactionSeconds } from './login/transaction/transaction.js'

/** What all relying parties of one application share: its URLs and stores, and what must be remembered of each of them. */
export interface Application {
  readonly configuration: ApplicationConfiguration
  readonly baseUrls: BaseUrls
  readonly runtime: Runtime
  /** What sessions are sealed for, besides their cookie. */
  readonly audience: readonly string[]
  readonly transactionSeal: Seal
  /** Seals return targets that are too long for their transaction's slot. */
  readonly targetSeal: Seal
  /** Seals logouts in progress. */
  readonly logoutSeal: Seal
  /** Logins that this process is finishing or has finished, by the hash of their state. Each code is exchanged only once. */
  readonly logins: LRUCache<string, Login>
  readonly refreshes: Refreshes
  /** Refresh tokens that were sent without a response. */
  readonly unansweredSends: UnansweredSends
  /** Logouts that end sessions. */
  readonly revocations: SessionRevocations
  /** The sessions of each person; absent without a store that the application's processes share. */
  readonly sessionList: SessionList | undefined
  /** Logout tokens that have been used, by the key of the relying party that they were for. */
  readonly usedIdsOf: (key: readonly string[]) => UsedIds
  /** The store that the application's processes share, if there is one. */
  readonly sharedStore: GuardedStore | undefined
  /** The session store; absent if sessions are in the browser. */
  readonly sessionStore: GuardedStore | undefined
}

/** A session that a login has begun, and where the person goes. */
export interface BegunSession {
  readonly session: SessionRecord
  readonly returnTo: string
}

/** A login whose code is being exchanged, or has been; tokens are not kept afterwards. */
type Login =
  | { readonly state: 'running'; readonly begun: Promise<BegunSession> }
  | { readonly state: 'succeeded'; readonly subject: string; readonly returnTo: string }
  | { readonly state: 'failed' }

/** Puts together what relying parties share. */
export function createApplication(
  configuration: ApplicationConfiguration,
  audience: readonly string[],
  runtime: Runtime,
): Application {
  const { secret, session } = configuration
  // Logins and logouts on their way outlive a change of the base URLs.
  const passing = [session.cookie.name ?? 'oidc', ...audience]
  const sessionStore = sessionStoreOf(configuration, runtime)
  const sharedStore = sharedStoreOf(configuration) ?? sessionStore
  const { absoluteSeconds } = session
  const usedInProcess = usedIdsInProcess(runtime)
  const logouts = { absoluteSeconds, hasTenants: mayHaveTenants(configuration) }
  const shared =
    sharedStore === undefined
      ? undefined
      : { sharedStore, revocations: new SharedRevocations({ sharedStore, runtime, audience, ...logouts }) }
  return {
    configuration,
    baseUrls: createBaseUrls(configuration),
    runtime,
    audience,
    transactionSeal: createSeal(secret, ['transaction', ...passing], runtime),
    targetSeal: createSeal(secret, ['return target', ...passing], runtime),
    logoutSeal: createSeal(secret, ['logout', ...passing], runtime),
    logins: createGrowingCache({ max: 10_000, milliseconds: transactionSeconds * 1000, runtime }),
    refreshes: createRefreshes(configuration, audience, { runtime, sharedStore }),
    unansweredSends: createUnansweredSends(runtime),
    revocations: shared?.revocations ?? new ProcessRevocations(runtime, absoluteSeconds),
    sessionList:
      shared === undefined
        ? undefined
        : new SessionList({ ...shared, secrets: secret, audience, limits: session, runtime }),
    usedIdsOf: (key) => (sharedStore === undefined ? usedInProcess(key) : sharedUsedIds(sharedStore, key)),
    sharedStore,
    sessionStore,
  }
}

// Whether an issuer is a template. Which ones a function finds is not known before.
function mayHaveTenants({ issuer = '', providers = [] }: ApplicationConfiguration): boolean {
  if (typeof providers === 'function' || isIssuerTemplate(issuer)) return true
  return providers.some(({ configuration }) => isIssuerTemplate(configuration.issuer))
}

interface RefreshPlace {
  readonly runtime: Runtime
  readonly sharedStore: SharedStore | undefined
}

function createRefreshes(
  { secret, session, httpTimeoutSeconds }: ApplicationConfiguration,
  audience: readonly string[],
  { runtime, sharedStore }: RefreshPlace,
): Refreshes {
  const local = new RefreshCoordinator(runtime)
  // A session of the application's own may bring its store along.
  if (sharedStore === undefined && session.use !== 'request') return local
  return new SharedRefreshes(local, { sharedStore, runtime, secrets: secret, audience, httpTimeoutSeconds })
}

function sessionStoreOf({ session }: ApplicationConfiguration, runtime: Runtime): GuardedStore | undefined {
  const { store, storeTimeoutSeconds: timeoutSeconds } = session
  if (store === undefined) return undefined
  if (isSharedStore(store)) return guardStore(store, timeoutSeconds)
  return guardStore(expressSessionStore({ store, runtime, timeoutSeconds }))
}

function sharedStoreOf({ sharedStore, session }: ApplicationConfiguration): GuardedStore | undefined {
  return sharedStore === undefined
    ? undefined
    : guardStore(sharedStore, session.storeTimeoutSeconds, 'the shared store')
}
