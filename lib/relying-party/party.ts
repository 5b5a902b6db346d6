import { LRUCache } from 'lru-cache'
import type { OidcConfiguration } from '../options/oidc-schema.js'
import type { Platform } from '../options/platform.js'
import type { Provider } from '../provider/provider.js'
import { createSeal, type Seal } from '../seal/seal.js'
import type { SessionRecord } from '../session/record.js'
import { RefreshGrants } from './refresh-grant.js'
import { RefreshMemory, type Refreshes } from './refresh-memory.js'
import { createSites, type Site } from './site.js'
import { transactionSeconds } from './transaction.js'

/** One relying party: the application as a client of one authorization server. */
export interface RelyingParty {
  readonly configuration: OidcConfiguration
  readonly sites: readonly [Site, ...Site[]]
  readonly provider: Provider
  readonly platform: Platform
  readonly transactionSeal: Seal
  /** Logins that this process is finishing or has finished, by the hash of their state: a code is exchanged once. */
  readonly logins: LRUCache<string, Login>
  readonly refreshes: Refreshes
  readonly grants: Pick<RefreshGrants, 'spend'>
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
  platform: Platform,
): RelyingParty {
  const [first, ...others] = createSites(configuration)
  if (first === undefined) throw new RangeError('a relying party needs a base URL')
  const { issuer, clientId, secret, session } = configuration
  return {
    configuration,
    sites: [first, ...others],
    provider,
    platform,
    transactionSeal: createSeal(secret, ['transaction', session.cookie.name, issuer, clientId], platform),
    logins: new LRUCache({ max: 10_000, ttl: transactionSeconds * 1000, perf: platform, ttlResolution: 0 }),
    refreshes: new RefreshMemory(platform),
    grants: new RefreshGrants(provider, platform),
  }
}
