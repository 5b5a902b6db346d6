import { AuthorizationResponseError, TransactionError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import { isNavigation } from '../http/navigation.js'
import type { Principal } from '../policy/principal.js'
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
    const site = this.#site()
    const isPage = isRedirected(call, this.#request.exchange)
    const answer = isPage ? sendToLogin(this.#host, this.#request, call) : Promise.reject(call.error)
    const context = { ...call, retryUrl: loginUrl(site), members: challengeMembers(site, call), isPage, isGuard: true }
    goOn(answer, call, nothing, (error) => fail(error, this.#host.party.configuration.onError, context))
  }

  refuse(call: RefusalCall): void {
    fail(call.error, this.#host.party.configuration.onError, {
      ...call,
      retryUrl: loginUrl(this.#site()),
      isGuard: true,
    })
  }

  #site(): Site {
    return siteOf(this.#host.party.sites, this.#request.exchange)
  }
}

const nothing = (): void => undefined

/** Where a login starts, as a whole URL. */
export function loginUrl(site: Site): string {
  return site.origin + site.paths.login
}

// With what a stronger login must reach, so that a program can ask for it (RFC 9470 section 3).
function challengeMembers(site: Site, { stepUp }: ChallengeCall): Readonly<Record<string, unknown>> {
  const { acrValues, maxAge } = stepUp ?? {}
  return {
    login_url: loginUrl(site),
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
  refuseCircles(request, nowSeconds)
  const returnTo = exchange.method === 'GET' || exchange.method === 'HEAD' ? exchange.target : undefined
  const outcome = await startLogin(party, exchange, request.transactions(), { returnTo, ...call.stepUp })
  const { stepUp } = request.cookies()
  if (call.stepUp !== undefined) stepUp.write(countLogin(stepUp.value, nowSeconds))
  respond(call.req, call.res, outcome)
}

function refuseCircles(request: RequestContext, nowSeconds: number): void {
  const { loop, stepUp } = request.cookies()
  const isSignedIn = request.session.current() !== undefined
  if (!isSignedIn && isLooping(loop.value, nowSeconds)) {
    const message = 'signing in worked, but your browser did not keep the session cookie: allow cookies and try again'
    throw new TransactionError('login_loop', message)
  }
  // Such as two guards of which no login meets both, or a provider whose clock is far behind.
  if (isSignedIn && isLooping(stepUp.value, nowSeconds)) {
    const message = 'signing in again worked, but was still not as strong or as recent as this page needs'
    throw new AuthorizationResponseError('authentication_too_weak', message)
  }
}
