import type { DpopProver } from '../../fetch/dpop.js'
import type { AccessTokenTarget } from '../../options/oidc/access-token.js'
import { currentAccessToken, replacementFor } from '../../relying-party/tokens/access-token.js'
import type { Connection } from '../session/connection.js'
import type { RequestContext } from '../session/request-context.js'

/** Finds who makes a request, and the signal for the end of the session. */
export type Connect = () => Promise<Connection | undefined>

/** The access tokens of a session, for requests that are sent on to an API. */
export interface ApiAccess {
  /** Makes the proofs, if tokens are bound to a key. */
  readonly dpop: DpopProver | undefined
  /**
   * Returns the current token; in place of one that the API has refused a better one, or the same if there is none.
   *
   * @throws like `req.oidc.accessToken()`
   */
  token(target: AccessTokenTarget, refused?: string): Promise<string>
  /**
   * Returns the signal for the end of the session; `undefined` if nobody is signed in, or if a page of another origin opens a
   * WebSocket.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  end(): Promise<AbortSignal | undefined>
}

/** Creates the access to the tokens of one request's session. */
export function createApiAccess(request: RequestContext, connect: Connect): ApiAccess {
  const { session } = request
  const rp = request.requireRelyingParty('apiProxy()')
  return {
    dpop: rp.provider.dpop,
    token: (target, refused) =>
      refused === undefined ? currentAccessToken(rp, session, target) : replacementFor(rp, session, refused, target),
    end: async () => (await connect())?.signal,
  }
}
