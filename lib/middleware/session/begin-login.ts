import type { Redirect, Respond } from '../../http/outcome.js'
import { refererTarget } from '../../http/return-to.js'
import { type LoginOptions, startLogin } from '../../relying-party/login/login.js'
import { refuseLoops } from './login-loop.js'
import type { RequestContext } from './request-context.js'

/** Starts the login that the application asks for. */
export async function beginLogin(context: RequestContext, options: LoginOptions): Promise<Redirect | Respond> {
  const { httpRequest, base } = context
  const here = httpRequest.method === 'GET' ? httpRequest.target : refererTarget(httpRequest, base.returnTo)
  const wanted = { returnTo: here, ...options }
  refuseLoops(context, wanted.returnTo)
  return startLogin(context.requireRelyingParty('login()'), httpRequest, context.transactions(), wanted)
}
