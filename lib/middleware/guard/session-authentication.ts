import type { AuditEntry } from '../../base/audit/audit.js'
import type { OidcErrorDetails } from '../../error-details.js'
import { AccessError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { type CrossSitePolicy, isFormPost, isHtmx, isNavigation } from '../../http/fetch-metadata.js'
import { pageTarget, refererTarget, safeReturnTo } from '../../http/return-to.js'
import type { PageSettings } from '../../options/pages.js'
import type { Principal } from '../../policy/principal.js'
import { type StartOptions, startLogin } from '../../relying-party/login/login.js'
import type { ApplicationWith } from '../../relying-party/relying-party.js'
import { onwardPage } from '../../relying-party/onward.js'
import { redirect } from '../../http/outcome.js'
import { choiceUrl } from '../../relying-party/login/choice.js'
import type { WebRelyingParty } from '../providers/relying-parties.js'
import { requireProvider } from '../session/begin-login.js'
import { atProvider, type BaseUrl, publicPath } from '../../relying-party/base-url.js'
import { baseUrlOf } from '../../relying-party/base-urls.js'
import { countStepUp, refuseLoops, refuseVainStepUps } from '../session/login-loop.js'
import type { ErrorLinks } from '../http/error-page.js'
import { continueAfter, fail } from '../http/error-response.js'
import { type ApiAccess, type Connect, createApiAccess } from './api-access.js'
import type { ChallengeCall, AuthenticationHandler, GuardCall, ForbidCall } from './authentication.js'
import { OidcHandle } from '../session/oidc-handle.js'
import type { OidcContext, RequestContext } from '../session/request-context.js'
import { respond } from '../http/respond.js'
import { omitUndefined } from '../../base/json.js'

/** Authentication by session: sends browsers to the login, and gives programs its URL. */
export class SessionAuthentication implements AuthenticationHandler {
  readonly scheme = 'session'
  readonly #oidc: OidcContext
  readonly #request: RequestContext
  readonly #connect: Connect
  csrf?: CrossSitePolicy
  #handle: OidcHandle | undefined

  constructor(oidc: OidcContext, request: RequestContext, connect: Connect) {
    this.#oidc = oidc
    this.#request = request
    this.#connect = connect
  }

  get access(): ApiAccess {
    return createApiAccess(this.#request, this.#connect)
  }

  get origin(): string {
    return this.#base().origin
  }

  get audited(): Pick<AuditEntry, 'of' | 'sessionId'> {
    return { of: this.#request.rp?.configuration, sessionId: this.#request.session.current()?.id }
  }

  get handle(): OidcHandle {
    return (this.#handle ??= new OidcHandle(this.#request))
  }

  principal(): Principal | undefined {
    return this.#request.identity()?.principal
  }

  absence(): OidcErrorDetails {
    return this.#request.absence()
  }

  keepPrivate(): void {
    this.#request.session.keepPrivate()
  }

  challenge(call: ChallengeCall): void {
    const { failure } = this.#request.session
    if (failure !== undefined) {
      this.#fail(failure.error, call)
      return
    }
    const { httpRequest } = this.#request
    const links = this.links(providersOf(call))
    const isRedirect = isRedirected(call, httpRequest)
    const error = withLoginUrl(call.error, links.retryUrl, httpRequest)
    const answer = isRedirect ? sendToLogin(this.#oidc, this.#request, call) : Promise.reject(error)
    // A form is not redirected: with an error page, the browser keeps what the person has entered.
    const isPage = isRedirect || (call.mode === 'auto' && isFormPost(httpRequest))
    const context = { ...call, ...links, members: challengeMembers(links.retryUrl, call), isPage, isGuard: true }
    continueAfter(answer, call, nothing, (reason) => fail(reason, this.#oidc.application.configuration, context))
  }

  forbid(call: ForbidCall): void {
    this.#fail(call.error, call)
  }

  get now(): () => number {
    return this.#oidc.application.runtime.now
  }

  get pages(): PageSettings {
    return this.#oidc.application.configuration.pages
  }

  links(providers: readonly string[] = []): ErrorLinks {
    const base = this.#base()
    const target = pageTarget(this.#request.httpRequest, base.returnTo)
    const [name = '', ...others] = providers
    if (others.length === 0) return errorLinks(name === '' ? base : atProvider(base, name), target)
    return { retryUrl: new URL(choiceUrl(base, target, providers), base.origin).href, home: base.home }
  }

  #fail(error: unknown, call: GuardCall): void {
    fail(error, this.#oidc.application.configuration, { ...call, ...this.links(), isGuard: true })
  }

  #base(): BaseUrl {
    return baseUrlOf(this.#oidc.application.baseUrls, this.#request.httpRequest)
  }
}

const nothing = (): void => undefined

/** Absolute URL that starts a login and returns to a target. Without a login route, it is the target: its guard starts one. */
export function loginUrl(base: BaseUrl, returnTo?: string): string {
  if (base.paths.login === undefined) return new URL(returnTo ?? base.home, base.origin).href
  const query =
    returnTo === undefined || returnTo === base.home ? '' : `?${new URLSearchParams({ returnTo }).toString()}`
  return base.origin + base.paths.login + query
}

/** Where a page about an error leads: to the login and then to a target, and to the start. */
export function errorLinks(base: BaseUrl, returnTo?: string): ErrorLinks {
  return { retryUrl: loginUrl(base, returnTo), home: base.home }
}

// htmx takes the window to the URL in HX-Redirect, whatever the status: it would show the problem document in the page instead.
function withLoginUrl(
  error: ChallengeCall['error'],
  loginUrl: string,
  httpRequest: HttpRequest,
): ChallengeCall['error'] {
  if (!(error instanceof AccessError)) return error
  const { requirement, details } = error
  const headers = isHtmx(httpRequest) ? { 'HX-Redirect': loginUrl } : undefined
  return new AccessError('login_needed', error.message, omitUndefined({ requirement, loginUrl, details, headers }))
}

// With the authentication that is needed: a program can request it (RFC 9470 section 3).
function challengeMembers(retryUrl: string, { stepUp, firstLogin }: ChallengeCall): Readonly<Record<string, unknown>> {
  const { acrValues, maxAge } = stepUp ?? firstLogin ?? {}
  return omitUndefined({ login_url: retryUrl, acr_values: acrValues?.join(' '), max_age: maxAge })
}

function isRedirected({ mode }: ChallengeCall, httpRequest: HttpRequest): boolean {
  return mode === 'auto' ? isNavigation(httpRequest) : mode === 'redirect'
}

async function sendToLogin(oidc: OidcContext, request: RequestContext, call: ChallengeCall): Promise<void> {
  const { httpRequest } = request
  const isSafe = httpRequest.method === 'GET' || httpRequest.method === 'HEAD'
  const returnTo = isSafe ? httpRequest.target : refererTarget(httpRequest, request.base.returnTo)
  const strictTarget = isSafe ? targetWithStrictCookies(oidc.application, request, returnTo) : undefined
  if (strictTarget !== undefined) {
    respond(call.req, call.res, onwardPage(oidc.application.configuration.pages.for(call.req), strictTarget))
    return
  }
  await refuseLoops(request, returnTo)
  refuseVainStepUps(request, call)
  const rp = await placeOf(request, call)
  const outcome =
    rp === undefined
      ? redirect(choiceUrl(request.base, safeReturnTo(returnTo, request.base.returnTo), providersOf(call)))
      : await startLogin(rp, httpRequest, await request.transactions(), { returnTo, ...wantedLogin(call) })
  // A person who is signed in has to sign in again.
  if (call.stepUp !== undefined || request.session.current() !== undefined) countStepUp(request)
  respond(call.req, call.res, outcome)
}

/** The providers that a requirement names. */
function providersOf({ stepUp, firstLogin }: ChallengeCall): readonly string[] {
  return (stepUp ?? firstLogin)?.providers ?? []
}

/**
 * Where to sign in: at the provider that a requirement names, at that of the session that is not enough or has ended, or at the
 * only one; `undefined` if people choose.
 */
async function placeOf(request: RequestContext, call: ChallengeCall): Promise<WebRelyingParty | undefined> {
  const [name, ...others] = providersOf(call)
  if (name === undefined) return request.rp
  return others.length > 0 ? undefined : requireProvider(request, name, 'provider()')
}

function wantedLogin({ stepUp, firstLogin }: ChallengeCall): StartOptions {
  const { providers: _, ...wanted } = stepUp ?? firstLogin ?? {}
  return { ...wanted, isGuard: true }
}

// Browsers do not send Strict cookies when a link of another site leads here (RFC 6265bis section 8.8.2). A page of this site
// that loads the same URL again shows whether the person is signed in.
function targetWithStrictCookies(
  { configuration }: ApplicationWith<'configuration'>,
  { session, httpRequest, base }: RequestContext,
  returnTo: string | undefined,
): string | undefined {
  const isHeldBack = configuration.session.cookie.sameSite === 'Strict' && session.current() === undefined
  if (!isHeldBack || httpRequest.header('sec-fetch-site') !== 'cross-site') return undefined
  return publicPath(base, httpRequest.path) === httpRequest.path ? safeReturnTo(returnTo, base.returnTo) : undefined
}
