import type { ExchangedTokens } from '../client/exchanged-tokens.js'
import { type MaybePromise, whenDone } from '../options/maybe-promise.js'
import type { SessionKeeper } from '../session/keeper.js'
import type { Exchange } from '../http/exchange.js'
import type { RelyingParty } from '../relying-party/party.js'
import type { SessionRecord } from '../session/record.js'
import type { HandleContext } from './handle.js'
import { respond } from './respond.js'
import { bindSession } from './session-binding.js'
import type { TransactionCookieFactory } from './transaction-cookies.js'
import type { NodeRequest, NodeResponse } from './types.js'

/** A relying party with the cookies that it keeps in browsers. */
export interface RelyingPartyHost {
  readonly party: RelyingParty
  /** Where the sessions of a request are kept. */
  readonly keeperOf: (req: NodeRequest) => SessionKeeper
  readonly transactionCookies: TransactionCookieFactory
  readonly exchanges: ExchangedTokens
  /** Name of the cookie that counts logins which left no session. */
  readonly loopCookie: string
  /** Name of the cookie that counts stronger logins that guards asked for. */
  readonly stepUpCookie: string
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
  let transactions: ReturnType<TransactionCookieFactory> | undefined
  return whenDone(bindSession(binding, exchange, res), (session) => ({
    party,
    exchange,
    session,
    exchanges: host.exchanges,
    transactions: () => (transactions ??= host.transactionCookies(req, res)),
    respond: (outcome) => respond(req, res, outcome),
    headersSent: () => res.headersSent,
  }))
}
