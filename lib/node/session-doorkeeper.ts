import { AccessError, AuthorizationResponseError, TransactionError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import { isFormPost, isNavigation } from '../http/navigation.js'
import { pageTarget, refererTarget } from '../http/return-to.js'
import type { Principal } from '../policy/principal.js'
import type { StepUp } from '../policy/requirement.js'
import { startLogin } from '../relying-party/login.js'
import { countLogin, isLooping } from '../relying-party/loop-guard.js'
import { type Site, siteOf } from '../relying-party/site.js'
import { fail, goOn } from './failure.js'
import type { ChallengeCall, Doorkeeper, RefusalCall } from './guard-context.js'
import { OidcHandle } from './handle.js'
import type { RelyingPartyHost } from './relying-party-host.js'
import type { RequestContext } from './request-context.js'
import { respond } from './respond.js'

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
  const nowSeconds = Math.floor(party.platform.now() / 1000)
  refuseCircles(request, call, nowSeconds)
  const isSafe = exchange.method === 'GET' || exchange.method === 'HEAD'
  const returnTo = isSafe ? exchange.target : refererTarget(exchange, siteOf(party.sites, exchange).returnTo)
  const outcome = await startLogin(party, exchange, request.transactions(), { returnTo, ...wantedLogin(host, call) })
  const { stepUp } = request.cookies()
  // Whoever is signed in, and has to sign in all the same.
  if (call.stepUp !== undefined || request.session.current() !== undefined)
    stepUp.write(countLogin(stepUp.value, nowSeconds))
  respond(call.req, call.res, outcome)
}

// A guard may ask for more than the configuration does, not for less.
function wantedLogin({ party }: RelyingPartyHost, { stepUp, firstLogin }: ChallengeCall): StepUp {
  const { max_age: configured } = party.configuration.authorizationParams
  const { maxAge, ...rest } = stepUp ?? firstLogin ?? {}
  if (maxAge === undefined) return rest
  return { ...rest, maxAge: configured === undefined ? maxAge : Math.min(maxAge, Number(configured)) }
}

function refuseCircles(request: RequestContext, call: ChallengeCall, nowSeconds: number): void {
  const { loop, stepUp } = request.cookies()
  const isSignedIn = request.session.current() !== undefined
  if (!isSignedIn && isLooping(loop.value, nowSeconds)) {
    const message = 'signing in worked, but your browser did not keep the session cookie: allow cookies and try again'
    throw new TransactionError('login_loop', message)
  }
  // Such as two guards of which no login meets both, or a provider whose clock is far behind.
  if (isSignedIn && isLooping(stepUp.value, nowSeconds)) {
    if (call.stepUp === undefined) throw call.error
    const message = 'signing in again worked, but was still not as strong or as recent as this page needs'
    throw new AuthorizationResponseError('authentication_too_weak', message)
  }
}
