import type { Redirect, Respond } from '../http/outcome.js'
import { endSession, type LogoutCallOptions } from '../relying-party/logout.js'
import { revokeTokens } from '../relying-party/token-revocation.js'
import type { RequestContext } from './request-context.js'

/** Ends the session of a request: here first, whatever the provider says, then there. */
export async function signOut(context: RequestContext, options: LogoutCallOptions = {}): Promise<Redirect | Respond> {
  const { party, exchange, session } = context
  const cookies = context.cookies()
  const record = session.current()
  const others = session.others()
  await session.clear()
  cookies.dropKeptPages()
  cookies.loop.remove()
  // The session at the provider may be there still: nobody who signs out wants to be signed in at the next click.
  if (party.configuration.silentLogin) cookies.quiet.write('1')
  const revoked = Promise.all(others.map(({ tokens }) => revokeTokens(party, tokens)))
  const [outcome] = await Promise.all([endSession(party, exchange, record, cookies, options), revoked])
  return outcome
}
