import { ConfigurationError } from '../../errors.js'
import { quoted } from '../../base/error-cause.js'
import { type Redirect, type Respond, redirect } from '../../http/outcome.js'
import { refererTarget, safeReturnTo } from '../../http/return-to.js'
import { choiceUrl } from '../../relying-party/login/choice.js'
import { type LoginOptions, startLogin } from '../../relying-party/login/login.js'
import type { WebRelyingParty } from '../providers/relying-parties.js'
import { refuseLoops } from './login-loop.js'
import type { RequestContext } from './request-context.js'

/** Starts the login that the application asks for. */
export async function beginLogin(context: RequestContext, options: LoginOptions): Promise<Redirect | Respond> {
  const { httpRequest, base } = context
  const here = httpRequest.method === 'GET' ? httpRequest.target : refererTarget(httpRequest, base.returnTo)
  const { provider: name, ...given } = options
  const wanted = { ...given, returnTo: given.returnTo ?? here }
  await refuseLoops(context, wanted.returnTo)
  const rp = name === undefined ? context.only : await requireProvider(context, name, 'login()')
  if (rp !== undefined) return startLogin(rp, httpRequest, await context.transactions(), wanted)
  const { returnTo, ...further } = wanted
  if (Object.values(further).some((value) => value !== undefined)) {
    const message = 'login() needs { provider } with these options: they are parameters of the request to one provider'
    throw new ConfigurationError('invalid_options', message)
  }
  return redirect(choiceUrl(base, safeReturnTo(returnTo, base.returnTo)))
}

/**
 * Finds the relying party that the application names.
 *
 * @throws {ConfigurationError} `invalid_options` for a name that no provider has
 * @throws {ProviderError} `provider_options_unavailable`
 */
export async function requireProvider(context: RequestContext, name: string, call: string): Promise<WebRelyingParty> {
  const rp = await context.find(name)
  if (rp !== undefined) return rp
  const message = `${call}: no provider of oidc({ providers }) has the name ${quoted(name)}${knownNames(context)}`
  throw new ConfigurationError('invalid_options', message)
}

const maxNames = 12

function knownNames({ names }: RequestContext): string {
  if (names.length === 0) return ''
  const more = names.length > maxNames ? `, and ${names.length - maxNames} more` : ''
  return `: known are ${names.slice(0, maxNames).map(quoted).join(', ')}${more}`
}
