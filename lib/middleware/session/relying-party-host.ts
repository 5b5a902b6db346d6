import type { ExchangedTokens } from '../../client/token-exchange.js'
import type { OutageGate } from '../../base/circuit-breaker.js'
import type { RelyingParty } from '../../relying-party/relying-party.js'
import type { Site } from '../../relying-party/base-url.js'
import type { BindingSettings } from './response-session.js'
import type { SessionKeepers } from './storage/session-storage.js'
import type { SmallCookieFactory } from './flow-cookies.js'
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
