import type { ExchangedTokens } from '../client/exchanged-tokens.js'
import { type MaybePromise, whenDone } from '../options/maybe-promise.js'
import type { SessionKeeper } from '../session/keeper.js'
import type { Exchange } from '../http/exchange.js'
import type { OutageGate } from '../relying-party/outage-gate.js'
import type { RelyingParty } from '../relying-party/party.js'
import type { SessionRecord } from '../session/record.js'
import type { HandleContext } from './handle.js'
import { respond } from './respond.js'
import { bindSession } from './session-binding.js'
import type { SmallCookieFactory, SmallCookies } from './small-cookies.js'
import type { TransactionCookieFactory } from './transaction-cookies.js'
import type { NodeRequest, NodeResponse } from './types.js'

/** A relying party with the cookies that it keeps in browsers. */
export interface RelyingPartyHost {
  readonly party: RelyingParty
  /** Where the sessions of a request are kept. */
  readonly keeperOf: (req: NodeRequest) => SessionKeeper
  readonly transactionCookies: TransactionCookieFactory
  readonly smallCookies: SmallCookieFactory
  readonly exchanges: ExchangedTokens
  /** Spares strangers the wait for a provider that is known to be away. */
  readonly silentLogins: OutageGate
}

/**
 * Reads one request's session, and prepares for what may be asked of it.
 *
 * @throws {SessionError} `session_store_unavailable`, or rejects with it
 */
export function openRequest(
  host: RelyingPartyHost,
  exchange: Exchange,
  req: NodeRequest,
  res: NodeResponse,
): MaybePromise<HandleContext> {
  const { party } = host
  const { configuration, platform, refreshes, userinfo } = party
  const forget = (record: SessionRecord) => userinfo.forget(record)
  const binding = { keeper: host.keeperOf(req), limits: configuration.session, platform, refreshes, forget }
  let cookies: SmallCookies | undefined
  let transactions: ReturnType<TransactionCookieFactory> | undefined
  return whenDone(bindSession(binding, exchange, res), (session) => ({
    party,
    exchange,
    session,
    exchanges: host.exchanges,
    cookies: () => (cookies ??= host.smallCookies(exchange, res)),
    clearBrowserCache: () => void res.setHeader('Clear-Site-Data', '"cache"'),
    transactions: () => (transactions ??= host.transactionCookies(req, res)),
    respond: (outcome) => respond(req, res, outcome),
    headersSent: () => res.headersSent,
  }))
}
