import type { CookieKeeper } from '../session/cookie-keeper.js'
import type { RelyingParty } from '../relying-party/party.js'
import { createExchange } from './exchange.js'
import type { HandleContext } from './handle.js'
import { respond } from './respond.js'
import { bindSession, type BindingSettings } from './session-binding.js'
import type { TransactionCookieFactory } from './transaction-cookies.js'
import type { NodeRequest, NodeResponse } from './types.js'

/** A relying party with the cookies that it keeps in browsers. */
export interface RelyingPartyHost {
  readonly party: RelyingParty
  readonly keeper: CookieKeeper
  readonly transactionCookies: TransactionCookieFactory
  /** Name of the cookie that counts logins which left no session. */
  readonly loopCookie: string
  /** Name of the cookie that counts stronger logins that guards asked for. */
  readonly stepUpCookie: string
}

/** Reads one request's session, and prepares for what may be asked of it. */
export function openRequest(host: RelyingPartyHost, req: NodeRequest, res: NodeResponse): HandleContext {
  const { party } = host
  const exchange = createExchange(req)
  let transactions: ReturnType<TransactionCookieFactory> | undefined
  return {
    party,
    exchange,
    session: bindSession(bindingSettings(host), exchange, res),
    transactions: () => (transactions ??= host.transactionCookies(req, res)),
    respond: (outcome) => respond(req, res, outcome),
    headersSent: () => res.headersSent,
  }
}

function bindingSettings({ keeper, party }: RelyingPartyHost): BindingSettings {
  const { configuration, platform, refreshes } = party
  return { keeper, limits: configuration.session, platform, refreshes }
}
