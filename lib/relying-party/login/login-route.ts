import { tenantIn } from '../../options/common/tenants.js'
import { AccessError, AuthorizationResponseError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isCrossOriginInitiated, isDeclaredNonNavigation, isPageLoad } from '../../http/fetch-metadata.js'
import { type Redirect, type Respond, redirect } from '../../http/outcome.js'
import { methodNotAllowed } from '../../http/problem.js'
import { refererTarget, safeReturnTo } from '../../http/return-to.js'
import { type LoginOptions, startLogin, isPrompt, type LoginParts } from './login.js'
import { sendOn } from '../onward.js'
import type { BaseUrl } from '../base-url.js'
import { baseUrlOf } from '../base-urls.js'
import type { TransactionCookies } from './transaction/transaction.js'

// Hints are names or addresses; with some providers they, and invitations, are tokens.
const maxParameterLength = 1024

/**
 * Handles the login route. Third parties may start logins here too, by GET or POST with the provider as `iss` (OpenID
 * Connect Core section 4).
 *
 * @throws {AccessError} `login_needed` if the request is not a navigation of a window
 * @throws {AuthorizationResponseError} `method_not_allowed`, and `issuer_mismatch` for a login at another provider
 * @throws {ProviderError} when the provider is unavailable
 */
export async function handleLogin(
  rp: LoginParts,
  httpRequest: HttpRequest,
  cookies: TransactionCookies,
): Promise<Redirect | Respond> {
  requireLoginRequest(httpRequest)
  if (httpRequest.method === 'POST') return redirectToGet(rp, httpRequest)
  const query = new URLSearchParams(httpRequest.query)
  const options = query.has('iss') ? thirdPartyLogin(rp, query) : ownLogin(rp, query)
  return startLogin(rp, httpRequest, cookies, options)
}

/**
 * Refuses requests that cannot begin a login.
 *
 * @throws {AccessError} `login_needed` if the request is not a navigation of a window
 * @throws {AuthorizationResponseError} `method_not_allowed`
 */
export function requireLoginRequest(httpRequest: HttpRequest): void {
  if (httpRequest.method !== 'GET' && httpRequest.method !== 'POST')
    throw methodNotAllowed('the login route', ['GET', 'POST'])
  if (isDeclaredNonNavigation(httpRequest)) {
    throw new AccessError('login_needed', 'a login needs a browser window: open login_url there, do not fetch it')
  }
}

/**
 * Where to go after a login: the target that the request names; for a request of a script, otherwise the page that it
 * runs on.
 */
export function loginTarget(httpRequest: HttpRequest, { returnTo: policy }: BaseUrl): string | undefined {
  const query = new URLSearchParams(httpRequest.query)
  const wanted = safeReturnTo(single(query, query.has('iss') ? 'target_link_uri' : 'returnTo'), policy)
  return wanted ?? (isPageLoad(httpRequest) ? undefined : refererTarget(httpRequest, policy))
}

// A POST from another site has no Lax cookies, so a login that began there could replace one in progress. Forms on our
// own pages, which name no provider, are handled the same way.
async function redirectToGet(rp: LoginParts, httpRequest: HttpRequest): Promise<Redirect | Respond> {
  const base = baseUrlOf(rp.baseUrls, httpRequest)
  const form = await httpRequest.form()
  if (!isOwnForm(httpRequest, base, form)) return redirect(pathWith(base, queryFromElsewhere(rp, base, form)))
  return sendOn(rp.configuration.pages, httpRequest, pathWith(base, ownQuery(rp, httpRequest, form)))
}

function pathWith({ paths: { login = '' } }: BaseUrl, query: URLSearchParams): string {
  return query.size === 0 ? login : `${login}?${query.toString()}`
}

function isOwnForm(httpRequest: HttpRequest, { origin }: BaseUrl, form: URLSearchParams): boolean {
  if (form.has('iss')) return false
  const fetchSite = httpRequest.header('sec-fetch-site')
  return fetchSite === undefined ? httpRequest.header('origin') === origin : !isCrossOriginInitiated(httpRequest)
}

function ownQuery({ configuration }: LoginParts, httpRequest: HttpRequest, form: URLSearchParams): URLSearchParams {
  const own = new URLSearchParams(httpRequest.query)
  const query = new URLSearchParams()
  for (const name of ['returnTo', 'prompt', ...configuration.loginParams]) {
    const value = single(form, name) ?? single(own, name)
    if (value !== undefined) query.set(name, value)
  }
  return query
}

function queryFromElsewhere(rp: LoginParts, base: BaseUrl, form: URLSearchParams): URLSearchParams {
  const { returnTo, authorizationParams } = thirdPartyLogin(rp, form)
  const target = safeReturnTo(returnTo, base.returnTo)
  const query = new URLSearchParams({ iss: rp.configuration.issuer, ...authorizationParams })
  if (target !== undefined) query.set('target_link_uri', target)
  return query
}

// An invalid prompt is ignored, like an unsafe returnTo: nothing depends on them, and people can sign in.
function ownLogin(rp: LoginParts, query: URLSearchParams): LoginOptions {
  const prompt = single(query, 'prompt')
  return {
    returnTo: single(query, 'returnTo'),
    authorizationParams: allowedParams(rp, query),
    ...(prompt !== undefined && isPrompt(prompt) ? { prompt } : {}),
  }
}

// A parameter that is empty, repeated or too long is ignored, like an invalid prompt.
function allowedParams({ configuration }: LoginParts, query: URLSearchParams): Record<string, string> {
  const allowed: Record<string, string> = {}
  for (const name of configuration.loginParams) {
    const value = single(query, name) ?? ''
    if (value !== '' && value.length <= maxParameterLength) allowed[name] = value
  }
  return allowed
}

// Other parameters from a third party are ignored, above all `prompt`.
function thirdPartyLogin(rp: LoginParts, parameters: URLSearchParams): LoginOptions {
  const iss = single(parameters, 'iss')
  const { issuer } = rp.configuration
  if (iss !== issuer && tenantIn(iss, issuer) === undefined) {
    const message = 'a login that another site starts must name the provider of this site as "iss"'
    throw new AuthorizationResponseError('issuer_mismatch', message)
  }
  const hint = single(parameters, 'login_hint') ?? ''
  return {
    returnTo: single(parameters, 'target_link_uri'),
    authorizationParams: {
      ...allowedParams(rp, parameters),
      ...(hint === '' || hint.length > maxParameterLength ? {} : { login_hint: hint }),
    },
  }
}

function single(parameters: URLSearchParams, name: string): string | undefined {
  const values = parameters.getAll(name)
  return values.length === 1 ? values[0] : undefined
}
