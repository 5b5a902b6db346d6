import { ConfigurationError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { type Redirect, type Respond, redirect } from '../../http/outcome.js'
import { usesFormPost, parseLoginParams, parseReturnedParams } from '../../options/oidc/fields.js'
import type { AuthorizationParams } from '../../options/oidc/options.js'
import { traced } from '../../base/diagnostics.js'
import { returnedInTime } from '../../base/timers/call-in-time.js'
import { sendOn } from '../onward.js'
import type { RelyingPartyWith } from '../relying-party.js'
import { baseUrlOf } from '../base-urls.js'
import { storeLogin, type ReturnTargetParts, wantedTarget } from './transaction/return-target.js'
import { type Transaction, type TransactionCookies, createSecrets } from './transaction/transaction.js'
import { omitUndefined } from '../../base/json.js'

/** The parts of a relying party that start a login. */
export type LoginParts = ReturnTargetParts & RelyingPartyWith<'baseUrls' | 'runtime', 'authorizationUrl'>

/** Options of `req.oidc.login()`. */
export interface LoginOptions {
  /** Where to go after the login: a path, or a URL of an allowed origin. @default this page; for an unsafe target `returnTo.default` */
  returnTo?: string | undefined
  /**
   * What the provider shows. With `none` it shows no page: a person who is not signed in there comes back to `returnTo`
   * without a session.
   *
   * @default the provider decides
   * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
   */
  prompt?: Prompt | undefined
  /**
   * Name of the provider, if `oidc()` has several. Without it, and without other options than `returnTo`, the person chooses. @default none
   */
  provider?: string | undefined
  /** Further parameters of this authorization request, such as `login_hint`, `ui_locales` or `authorization_details`. @default none */
  authorizationParams?: AuthorizationParams | undefined
  /** Greatest age of the authentication in seconds (`max_age`), verified on return. @default any */
  maxAge?: number | undefined
  /** Authentication context classes (`acr_values`), of which the login must reach one: verified on return. @default any */
  acrValues?: readonly string[] | undefined
}

/** Options of a login that this package starts. */
export interface StartOptions extends LoginOptions {
  /** Whether `maxAge` is a guard's: it may make a configured one stricter, but never weaker. */
  readonly isGuard?: boolean | undefined
}

/**
 * Starts a login: stores a transaction in the browser, and redirects it to the authorization server (OpenID Connect
 * Core section 3.1.2.1, with PKCE as RFC 9700 section 2.1.1 asks).
 *
 * @param restarted Whether this login replaces a lost one; it will then not be replaced again.
 * @throws {ConfigurationError} `invalid_options`
 * @throws {ProviderError} when the provider is unavailable, or `authorizationParams` is late; nothing has been stored then
 */
export async function startLogin(
  rp: LoginParts,
  httpRequest: HttpRequest,
  cookies: TransactionCookies,
  options: StartOptions = {},
  restarted = false,
): Promise<Redirect | Respond> {
  return traced('login', rp.configuration, async (notes) => {
    if (notes !== undefined) notes.redirectUri = baseUrlOf(rp.baseUrls, httpRequest).redirectUri
    const { outcome, isWhole } = await requestLogin(rp, httpRequest, cookies, options, restarted)
    if (!isWhole && notes !== undefined) notes.remarks = ['return_target_lost']
    return outcome
  })
}

async function requestLogin(
  rp: LoginParts,
  httpRequest: HttpRequest,
  cookies: TransactionCookies,
  options: StartOptions,
  restarted: boolean,
): Promise<{ readonly outcome: Redirect | Respond; readonly isWhole: boolean }> {
  const base = baseUrlOf(rp.baseUrls, httpRequest)
  const parameters = authorizationParametersOf(await configuredParams(rp, httpRequest), options)
  const target = wantedTarget(options.returnTo, base)
  const transaction: Transaction = {
    ...createSecrets(rp.runtime, { restarted, silent: options.prompt === 'none' }),
    ...expectations(parameters),
    baseUrlKey: base.key,
    returnTo: target.returnTo,
    ...(rp.sessionProvider === undefined ? {} : { provider: rp.sessionProvider.key }),
    ...(usesFormPost(rp.configuration) ? { isPosted: true } : {}),
    startedAt: rp.runtime.now() / 1000,
  }
  const location = await rp.provider.authorizationUrl({
    ...transaction,
    redirectUri: base.redirectUri,
    scope: rp.configuration.scope,
    resource: rp.configuration.resource,
    parameters,
  })
  const isKept = await storeLogin(rp, cookies, transaction)
  // A restarted login responds to the callback. If that was a form POST, the form was on the provider's page, whose
  // policy allows redirects to the provider.
  const outcome = restarted ? redirect(location) : sendOn(rp.configuration.pages, httpRequest, location)
  return { outcome, isWhole: isKept && !target.isLost }
}

type Parameters = Readonly<Record<string, string>>

async function configuredParams({ configuration }: LoginParts, { source }: HttpRequest): Promise<Parameters> {
  const { authorizationParams, authorizationParamsOf, httpTimeoutSeconds: seconds } = configuration
  if (authorizationParamsOf === undefined) return authorizationParams
  return parseReturnedParams(await returnedInTime('authorizationParams', () => authorizationParamsOf(source), seconds))
}

function authorizationParametersOf(configured: Parameters, options: StartOptions): Parameters {
  const { authorizationParams, acrValues, prompt } = options
  const maxAge = maxAgeOf(configured, options)
  if (prompt !== undefined && !isPrompt(prompt)) {
    throw new ConfigurationError('invalid_options', `login(): prompt must be one of ${prompts.join(', ')}`)
  }
  if (acrValues?.join('').trim() === '') {
    throw new ConfigurationError('invalid_options', 'login(): acrValues must name a class: leave it out for any')
  }
  return {
    ...configured,
    ...(authorizationParams === undefined ? {} : parseLoginParams(authorizationParams)),
    ...omitUndefined({ prompt, max_age: maxAge?.toString(), acr_values: acrValues?.join(' ') }),
  }
}

function maxAgeOf({ max_age: configured }: Parameters, { maxAge, isGuard }: StartOptions): number | undefined {
  if (isGuard !== true || maxAge === undefined || configured === undefined) return maxAge
  return Math.min(maxAge, Number(configured))
}

// The ID Token must show what was requested (OpenID Connect Core section 3.1.3.7, rules 12 and 13).
function expectations(parameters: Parameters): Pick<Transaction, 'maxAge' | 'acrValues' | 'organization'> {
  const { max_age: maxAge, acr_values: acrValues, organization } = parameters
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge)) {
    throw new ConfigurationError('invalid_options', 'login(): max_age must be a whole number of seconds')
  }
  return omitUndefined({
    maxAge: maxAge === undefined ? undefined : Number(maxAge),
    acrValues: acrValues?.split(' ').filter((value) => value !== ''),
    organization,
  })
}

/**
 * What the provider shows during a login.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @see https://openid.net/specs/openid-connect-prompt-create-1_0.html
 */
export type Prompt = 'none' | 'login' | 'consent' | 'select_account' | 'create'

/** Every {@link Prompt}. */
const prompts = Object.keys({
  none: true,
  login: true,
  consent: true,
  select_account: true,
  create: true,
} satisfies Readonly<Record<Prompt, true>>)

/** Whether a text is a {@link Prompt}. */
export function isPrompt(text: string): text is Prompt {
  return prompts.includes(text)
}
