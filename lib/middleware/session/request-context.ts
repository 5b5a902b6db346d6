import type { ExchangedTokens } from '../../client/token-exchange.js'
import type { HttpRequest } from '../../http/request.js'
import type { Redirect, Respond } from '../../http/outcome.js'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { LoginUnderWay } from '../../relying-party/login/finished-login.js'
import type { RelyingParty } from '../../relying-party/relying-party.js'
import { type BaseUrl, baseUrlOf } from '../../relying-party/base-url.js'
import type { TransactionCookies } from '../../relying-party/login/transaction/transaction.js'
import { type SessionBinding, SessionIdentity } from './identity.js'
import { respond } from '../http/respond.js'
import { type BindingSettings, bindSession } from './response-session.js'
import { isFittingMount, mountPathOf, unfittingMount } from '../mount.js'
import type { FlowCookies, FlowCookieFactory } from './flow-cookies.js'
import type { NodeRequest, NodeResponse } from '../types.js'
import type { CircuitBreaker } from '../../base/circuit-breaker.js'
import type { SessionStorages } from './storage/session-storage.js'
import type { TransactionCookieFactory } from './transaction-cookies.js'

/** One request under `oidc()`: its session, and what else is prepared once somebody asks for it. */
export class RequestContext {
  readonly httpRequest: HttpRequest
  readonly session: SessionBinding
  /** The login that this request finishes, as soon as that is known. */
  login: LoginUnderWay | undefined
  /** The path that the middleware is mounted at. */
  readonly mount: string
  readonly #host: OidcContext
  readonly #req: NodeRequest
  readonly #res: NodeResponse
  #identity: SessionIdentity | undefined
  #cookies: FlowCookies | undefined
  #transactions: TransactionCookies | undefined

  constructor(
    host: OidcContext,
    { httpRequest, session }: { readonly httpRequest: HttpRequest; readonly session: SessionBinding },
    req: NodeRequest,
    res: NodeResponse,
  ) {
    this.httpRequest = httpRequest
    this.session = session
    // By now: further in, routers that are mounted elsewhere have taken their paths away too.
    this.mount = mountPathOf(req)
    this.#host = host
    this.#req = req
    this.#res = res
  }

  get rp(): RelyingParty {
    return this.#host.rp
  }

  /** The base URL that the request came to. */
  get base(): BaseUrl {
    return baseUrlOf(this.#host.rp.baseUrls, this.httpRequest)
  }

  get exchanges(): ExchangedTokens {
    return this.#host.exchanges
  }

  get headersSent(): boolean {
    return this.#res.headersSent
  }

  /** Who is signed in by now. */
  identity(): SessionIdentity | undefined {
    const record = this.session.current()
    if (record === undefined) return undefined
    const known = this.#identity
    return known?.record === record
      ? known
      : (this.#identity = new SessionIdentity(record, this.rp.configuration.session))
  }

  cookies(): FlowCookies {
    return (this.#cookies ??= this.#host.flowCookies(this.base)(this.httpRequest, this.#res))
  }

  /**
   * @throws {ConfigurationError} `invalid_options`: this request could begin a login, but the callback that finishes it never
   *   comes to where the middleware is mounted
   */
  transactions(): TransactionCookies {
    if (!isFittingMount(this.mount, this.base)) throw unfittingMount(this.mount, this.base)
    return (this.#transactions ??= this.#host.transactionCookies(this.#req, this.#res))
  }

  /** Writes the answer of `login()` and `logout()`. */
  respond(outcome: Redirect | Respond): void {
    respond(this.#req, this.#res, outcome)
  }
}

/**
 * Reads one request's session, and prepares for what may be asked of it.
 *
 * @throws {SessionError} `session_store_unavailable`, or rejects with it
 */
export function openRequest(
  host: OidcContext,
  httpRequest: HttpRequest,
  req: NodeRequest,
  res: NodeResponse,
): MaybePromise<RequestContext> {
  return whenDone(
    bindSession(host.binding, host.storageOf(req, httpRequest, res), httpRequest, res),
    (session) => new RequestContext(host, { httpRequest, session }, req, res),
  )
}

/** A relying party with the cookies that it keeps in browsers. */
export interface OidcContext {
  readonly rp: RelyingParty
  /** Where the sessions of a request are kept. */
  readonly storageOf: SessionStorages
  readonly binding: BindingSettings
  readonly transactionCookies: TransactionCookieFactory
  readonly flowCookies: (base: BaseUrl) => FlowCookieFactory
  readonly exchanges: ExchangedTokens
  /** Spares strangers the wait for a provider that is known to be away. */
  readonly silentLogins: CircuitBreaker
}
