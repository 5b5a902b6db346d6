import type { TokenTargetOptions } from '../../../options/client/options.js'
import { parseTokenTarget } from '../../../options/client/schema.js'
import { currentAccessToken } from '../../../relying-party/tokens/access-token.js'
import type { RequestContext } from '../request-context.js'

/** Exchanges the access token of a request's session for one of another target. */
export async function exchangeForSession(context: RequestContext, target: TokenTargetOptions): Promise<string> {
  const { session } = context
  const rp = context.requireRelyingParty('exchange()')
  const checked = parseTokenTarget(target, 'exchange()')
  const subjectToken = await currentAccessToken(rp, session, {})
  const subjectTokenExpiresAt = session.current()?.tokens.expiresAt
  return rp.exchanges.get({ ...checked, subjectToken, subjectTokenExpiresAt })
}
