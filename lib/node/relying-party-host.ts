import type { ExchangedTokens } from '../client/exchanged-tokens.js'
import type { OutageGate } from '../relying-party/outage-gate.js'
import type { RelyingParty } from '../relying-party/party.js'
import type { Site } from '../relying-party/site.js'
import type { BindingSettings } from './bound-session.js'
import type { SessionKeepers } from './session-keepers.js'
import type { SmallCookieFactory } from './small-cookies.js'
import type { TransactionCookieFactory } from './transaction-cookies.js'

/** A relying party with the cookies that it keeps in browsers. */
export interface RelyingPartyHost {
  readonly party: RelyingParty
  /** Where the sessions of a request are kept. */
  readonly keeperOf: SessionKeepers
  readonly binding: BindingSettings
  readonly transactionCookies: TransactionCookieFactory
  readonly smallCookies: (site: Site) => SmallCookieFactory
  readonly exchanges: ExchangedTokens
  /** Spares strangers the wait for a provider that is known to be away. */
  readonly silentLogins: OutageGate
}
