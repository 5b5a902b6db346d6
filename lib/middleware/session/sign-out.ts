import { traced } from '../../base/diagnostics.js'
import { parseLogoutParams } from '../../options/oidc/logout.js'
import type { Redirect, Respond } from '../../http/outcome.js'
import { endSession, leaveWithoutSession, type LogoutCallOptions } from '../../relying-party/logout/logout.js'
import type { ApplicationWith } from '../../relying-party/relying-party.js'
import { revokeTokens } from '../../relying-party/tokens/revocation.js'
import type { SessionRecord } from '../../session/record.js'
import { mapAll } from '../../session/storage/several.js'
import type { RequestContext } from './request-context.js'

/** Ends the session of a request: here first, whether or not the provider responds, then at the provider. */
export async function signOut(context: RequestContext, options: LogoutCallOptions = {}): Promise<Redirect | Respond> {
  const { application, rp, httpRequest, session } = context
  const cookies = context.cookies()
  const record = session.current()
  const others = session.others()
  await session.clear()
  const successors = await successorsOf(application, record === undefined ? others : [record, ...others])
  cookies.dropKeptPages()
  cookies.loop.remove()
  // The session at the provider may still exist: the next page load must not silently sign the person in again.
  if (application.configuration.silentLogin) cookies.quiet.write('1')
  const revoked = Promise.all([...others, ...successors].map((each) => revokeTokensOf(context, each)))
  const left =
    rp === undefined
      ? leaveWithoutSession(application, httpRequest, cookies, options)
      : endSession(rp, httpRequest, record, cookies, options)
  const [outcome] = await Promise.all([left, revoked])
  return outcome
}

/**
 * Ends the session for a call of the application.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export async function signOutAsAsked(context: RequestContext, options: LogoutCallOptions): Promise<Redirect | Respond> {
  const { rp, application } = context
  const checked = { ...options, params: parseLogoutParams(options.params) }
  return traced('logout', (rp ?? application).configuration, () => signOut(context, checked))
}

async function revokeTokensOf(context: RequestContext, record: SessionRecord): Promise<void> {
  const rp = context.rpOf(record)
  if (rp !== undefined) await revokeTokens(rp, record.tokens)
}

/** Sessions whose tokens were renewed after they were read: nothing else would revoke the new tokens. */
async function successorsOf(
  { refreshes }: ApplicationWith<'refreshes'>,
  records: readonly SessionRecord[],
): Promise<SessionRecord[]> {
  await mapAll(records, (record) => refreshes.loadSuccessors(record))
  return records.flatMap((record) => {
    const latest = refreshes.latest(record)
    return latest.tokens.refreshToken === record.tokens.refreshToken ? [] : [latest]
  })
}
