import type { Exchange } from '../http/exchange.js'
import type { Redirect, Respond } from '../http/outcome.js'
import { endSession, type LogoutCallOptions } from '../relying-party/logout.js'
import type { RelyingParty } from '../relying-party/party.js'
import type { SessionBinding } from './session-binding.js'
import type { SmallCookies } from './small-cookies.js'

/** What a logout works on. */
export interface SignOutContext {
  readonly party: RelyingParty
  readonly exchange: Exchange
  readonly session: SessionBinding
  readonly cookies: () => SmallCookies
  /** Has the browser forget the pages that it has kept. */
  readonly clearBrowserCache: () => void
}

/** Ends the session of a request: here first, whatever the provider says, then there. */
export async function signOut(context: SignOutContext, options: LogoutCallOptions = {}): Promise<Redirect | Respond> {
  const { party, exchange, session } = context
  const cookies = context.cookies()
  const record = session.current()
  await session.clear()
  context.clearBrowserCache()
  cookies.loop.remove()
  // The session at the provider may be there still: nobody who signs out wants to be signed in at the next click.
  if (party.configuration.silentLogin) cookies.quiet.write('1')
  return endSession(party, exchange, record, cookies.logout, options)
}
