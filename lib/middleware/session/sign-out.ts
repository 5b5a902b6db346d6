import type { Redirect, Respond } from '../../http/outcome.js'
import { endSession, type LogoutCallOptions } from '../../relying-party/logout/logout.js'
import type { RelyingPartyWith } from '../../relying-party/relying-party.js'
import { revokeTokens } from '../../relying-party/tokens/revocation.js'
import type { SessionRecord } from '../../session/record.js'
import { mapAll } from '../../session/storage/several.js'
import type { RequestContext } from './request-context.js'

/** Ends the session of a request: here first, whether or not the provider responds, then at the provider. */
export async function signOut(context: RequestContext, options: LogoutCallOptions = {}): Promise<Redirect | Respond> {
  const { rp, httpRequest, session } = context
  const cookies = context.cookies()
  const record = session.current()
  const others = session.others()
  await session.clear()
  const successors = await successorsOf(rp, record === undefined ? others : [record, ...others])
  cookies.dropKeptPages()
  cookies.loop.remove()
  // The session at the provider may still exist: the next page load must not silently sign the person in again.
  if (rp.configuration.silentLogin) cookies.quiet.write('1')
  const revoked = Promise.all([...others, ...successors].map(({ tokens }) => revokeTokens(rp, tokens)))
  const [outcome] = await Promise.all([endSession(rp, httpRequest, record, cookies, options), revoked])
  return outcome
}

/** Sessions whose tokens were renewed after they were read: nothing else would revoke the new tokens. */
async function successorsOf(
  rp: RelyingPartyWith<'refreshes'>,
  records: readonly SessionRecord[],
): Promise<SessionRecord[]> {
  const { refreshes } = rp
  await mapAll(records, (record) => refreshes.loadSuccessors(record))
  return records.flatMap((record) => {
    const latest = refreshes.latest(record)
    return latest.tokens.refreshToken === record.tokens.refreshToken ? [] : [latest]
  })
}
