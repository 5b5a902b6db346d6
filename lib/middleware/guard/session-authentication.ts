import { AccessError } from '../../errors.js'
import type { Exchange } from '../../http/request.js'
import { isFormPost, isNavigation } from '../../http/fetch-metadata.js'
import { pageTarget, refererTarget, safeReturnTo } from '../../http/return-to.js'
import type { Principal } from '../../policy/principal.js'
import type { StepUp } from '../../policy/requirement.js'
import { startLogin } from '../../relying-party/login/login.js'
import type { RelyingParty } from '../../relying-party/relying-party.js'
import { onwardPage } from '../../relying-party/onward.js'
import { type Site, publicPath, siteOf } from '../../relying-party/base-url.js'
import { countStepUp, refuseCircles, refuseVainStepUps } from '../session/login-loop.js'
import { fail, goOn } from '../http/error-response.js'
import type { ChallengeCall, Doorkeeper, RefusalCall } from './authentication.js'
import { OidcHandle } from '../session/oidc-handle.js'
import type { RelyingPartyHost, RequestContext } from '../session/request-context.js'
import { respond } from '../http/respond.js'

/** Guards people's sessions: sends browsers to the login, tells programs where it is. */
export class SessionDoorkeeper implements Doorkeeper {
  readonly scheme = 'session'
  readonly #host: RelyingPartyHost
  readonly #request: RequestContext
  #handle: OidcHandle | undefined

  constructor(host: RelyingPartyHost, request: RequestContext) {
    this.#host = host
    this.#request = request
  }

  get origin(): string {
    return this.#site().origin
  }

  get handle(): OidcHandle {
    return (this.#handle ??= new OidcHandle(this.#request))
  }

  principal(): Principal | undefined {
    return this.#request.identity()?.principal
  }

  keepPrivate(): void {
    this.#request.session.keepPrivate()
  }

  challenge(call: ChallengeCall): void {
    const { exchange } = this.#request
    const retryUrl = this.#retryUrl()
    const isRedirect = isRedirected(call, exchange)
    const error = withLoginUrl(call.error, retryUrl)
    const answer = isRedirect ? sendToLogin(this.#host, this.#request, call) : Promise.reject(error)
    // A form is not sent to the login by itself: what the person has written is kept by the browser, behind an error page.
    const isPage = isRedirect || (call.mode === 'auto' && isFormPost(exchange))
    const context = { ...call, retryUrl, members: challengeMembers(retryUrl, call), isPage, isGuard: true }
    goOn(answer, call, nothing, (reason) => fail(reason, this.#host.party.configuration.onError, context))
  }

  refuse(call: RefusalCall): void {
    fail(call.error, this.#host.party.configuration.onError, {
      ...call,
      retryUrl: this.#retryUrl(),
      isGuard: true,
    })
  }

  #retryUrl(): string {
    const site = this.#site()
    return loginUrl(site, pageTarget(this.#request.exchange, site.returnTo))
  }

  #site(): Site {
    return siteOf(this.#host.party.sites, this.#request.exchange)
  }
}

const nothing = (): void => undefined

/** Where a login starts, as a whole URL, and where it is to end. */
export function loginUrl(site: Site, returnTo?: string): string {
  const query =
    returnTo === undefined || returnTo === site.home ? '' : `?${new URLSearchParams({ returnTo }).toString()}`
  return site.origin + site.paths.login + query
}

function withLoginUrl(error: ChallengeCall['error'], loginUrl: string): ChallengeCall['error'] {
  if (!(error instanceof AccessError)) return error
  const { requirement } = error
  return new AccessError('login_needed', error.message, {
    ...(requirement === undefined ? {} : { requirement }),
    loginUrl,
  })
}

// With what a stronger login must reach, so that a program can ask for it (RFC 9470 section 3).
function challengeMembers(retryUrl: string, { stepUp, firstLogin }: ChallengeCall): Readonly<Record<string, unknown>> {
  const { acrValues, maxAge } = stepUp ?? firstLogin ?? {}
  return {
    login_url: retryUrl,
    ...(acrValues === undefined ? {} : { acr_values: acrValues.join(' ') }),
    ...(maxAge === undefined ? {} : { max_age: maxAge }),
  }
}

function isRedirected({ mode }: ChallengeCall, exchange: Exchange): boolean {
  return mode === 'auto' ? isNavigation(exchange) : mode === 'redirect'
}

async function sendToLogin(host: RelyingPartyHost, request: RequestContext, call: ChallengeCall): Promise<void> {
  const { party } = host
  const { exchange } = request
  const isSafe = exchange.method === 'GET' || exchange.method === 'HEAD'
  const returnTo = isSafe ? exchange.target : refererTarget(exchange, siteOf(party.sites, exchange).returnTo)
  const strictTarget = isSafe ? targetWithStrictCookies(party, request, returnTo) : undefined
  if (strictTarget !== undefined) {
    respond(call.req, call.res, onwardPage(strictTarget))
    return
  }
  refuseCircles(request, returnTo)
  refuseVainStepUps(request, call)
  const outcome = await startLogin(party, exchange, request.transactions(), { returnTo, ...wantedLogin(host, call) })
  // Whoever is signed in, and has to sign in all the same.
  if (call.stepUp !== undefined || request.session.current() !== undefined) countStepUp(request)
  respond(call.req, call.res, outcome)
}

// A guard may ask for more than the configuration does, not for less.
function wantedLogin({ party }: RelyingPartyHost, { stepUp, firstLogin }: ChallengeCall): StepUp {
  const { max_age: configured } = party.configuration.authorizationParams
  const { maxAge, ...rest } = stepUp ?? firstLogin ?? {}
  if (maxAge === undefined) return rest
  return { ...rest, maxAge: configured === undefined ? maxAge : Math.min(maxAge, Number(configured)) }
}

// Browsers hold Strict cookies back where a link of another site leads (RFC 6265bis section 8.8.2): whether somebody is signed
// in is known once the same page is asked for by one of ours.
function targetWithStrictCookies(
  { configuration }: RelyingParty,
  { session, exchange, site }: RequestContext,
  returnTo: string | undefined,
): string | undefined {
  const isHeldBack = configuration.session.cookie.sameSite === 'Strict' && session.current() === undefined
  if (!isHeldBack || exchange.header('sec-fetch-site') !== 'cross-site') return undefined
  return publicPath(site, exchange.path) === exchange.path ? safeReturnTo(returnTo, site.returnTo) : undefined
}
