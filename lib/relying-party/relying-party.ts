import type { LRUCache } from 'lru-cache'
import type { OidcConfiguration } from '../options/oidc/schema.js'
import type { Runtime } from '../base/runtime.js'
import type { Provider } from '../provider/provider.js'
import type { Seal } from '../seal/seal.js'
import type { SessionRecord } from '../session/record.js'
import type { GuardedStore } from '../session/shared/guarded-store.js'
import type { SessionRevocations } from '../session/revocation/revocations.js'
import type { UsedLogoutTokens } from './logout/used-logout-tokens.js'
import type { RefreshGrants } from './tokens/refresh-grant.js'
import type { Refreshes } from './tokens/refreshes.js'
import type { BaseUrl } from './base-url.js'
import type { TargetQuota } from './login/transaction/target-quota.js'
import type { UserinfoCache } from './userinfo-cache.js'

/** One relying party: the application as a client of one authorization server. */
export interface RelyingParty {
  readonly configuration: OidcConfiguration
  readonly baseUrls: readonly [BaseUrl, ...BaseUrl[]]
  readonly provider: Provider
  readonly runtime: Runtime
  readonly transactionSeal: Seal
  /** Seals return targets that are too long for their transaction's slot. */
  readonly targetSeal: Seal
  readonly targetQuota: TargetQuota
  /** Seals logouts in progress. */
  readonly logoutSeal: Seal
  /** Logins that this process is finishing or has finished, by the hash of their state, so that a code is exchanged once. */
  readonly logins: LRUCache<string, Login>
  readonly refreshes: Refreshes
  readonly grants: Pick<RefreshGrants, 'refresh' | 'unverified'>
  readonly userinfo: UserinfoCache
  /** Logouts that end sessions. */
  readonly revocations: SessionRevocations
  /** Logout tokens that have been used. */
  readonly usedLogoutTokens: UsedLogoutTokens
  /** The store that the application's processes share, if there is one. */
  readonly sharedStore: GuardedStore | undefined
  /** The session store; absent if sessions are in the browser. */
  readonly sessionStore: GuardedStore | undefined
}

/** A relying party as one flow sees it: the parts that the flow uses, and what it asks of the provider. */
export type RelyingPartyWith<
  Part extends Exclude<keyof RelyingParty, 'provider'>,
  Call extends keyof Provider = never,
> = Pick<RelyingParty, Part> & { readonly provider: Pick<Provider, Call> }

/** A login whose code is being exchanged, or has been; tokens are not kept afterwards. */
type Login =
  | { readonly state: 'running'; readonly session: Promise<SessionRecord> }
  | { readonly state: 'succeeded'; readonly subject: string; readonly returnTo: string }
  | { readonly state: 'failed' }
