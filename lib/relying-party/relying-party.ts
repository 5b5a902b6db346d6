import type { OidcConfiguration } from '../options/oidc/schema.js'
import type { Provider } from '../provider/provider.js'
import type { SessionProvider } from '../session/record.js'
import type { Application } from './application.js'
import type { UsedIds } from '../session/shared/used-ids.js'
import type { RefreshGrants } from './tokens/refresh-grant.js'
import type { TargetQuota } from './login/transaction/target-quota.js'
import type { UserinfoCache } from './userinfo-cache.js'

/** One relying party: the application as a client of one authorization server. */
export interface RelyingParty extends Application {
  readonly configuration: OidcConfiguration
  /** Issuer and client ID, after the provider's name if the application has several. */
  readonly key: readonly string[]
  /** What its sessions say of their provider, if the application has several. */
  readonly sessionProvider?: SessionProvider
  readonly provider: Provider
  readonly targetQuota: TargetQuota
  readonly grants: Pick<RefreshGrants, 'refresh' | 'unverified'>
  readonly userinfo: UserinfoCache
  /** Logout tokens that have been used. */
  readonly usedLogoutTokens: UsedIds
}

/** A relying party as one flow sees it: the parts that the flow uses, and what it asks of the provider. */
export type RelyingPartyWith<
  Part extends Exclude<keyof RelyingParty, 'provider'>,
  Call extends keyof Provider = never,
> = Pick<RelyingParty, Part> & { readonly provider: Pick<Provider, Call> }

/** The parts of an application that belong to no provider. */
export type ApplicationWith<Part extends keyof Application> = Pick<Application, Part>
