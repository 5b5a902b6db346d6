import type { OidcErrorDetails } from '../../error-details.js'
import { SessionError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import type { Redirect, Respond } from '../../http/outcome.js'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { LoginUnderWay } from '../../relying-party/login/finished-login.js'
import type { Revalidation } from '../../relying-party/revalidation.js'
import type { Application } from '../../relying-party/application.js'
import type { Devices } from '../../relying-party/device-bound/devices.js'
import type { BaseUrl } from '../../relying-party/base-url.js'
import { baseUrlOf } from '../../relying-party/base-urls.js'
import type { TransactionCookies } from '../../relying-party/login/transaction/transaction.js'
import { type BindingSettings, type SessionBinding, SessionIdentity } from './identity.js'
import { respond } from '../http/respond.js'
import { bindSession } from './response-session.js'
import type { Migration } from './migration/migration.js'
import type { LoginPage } from '../../options/oidc/providers/parse-providers.js'
import { noteBroughtLogin } from '../../resource-server/issuers/logins.js'
import { isFittingMount, mountPathOf, unfittingMount } from '../mount.js'
import type { RelyingPartyStorage, RelyingParties, WebRelyingParty } from '../providers/relying-parties.js'
import type { FlowCookies, FlowCookieFactory } from './flow-cookies.js'
import type { NodeRequest, NodeResponse } from '../types.js'
import { sessionMissing } from '../../session/lifetime.js'
import type { SessionRecord } from '../../session/record.js'
import type { SessionAbsence } from '../../session/storage/absence.js'
import { absenceDetails } from './storage/absence-details.js'
import type { CircuitBreaker } from '../../base/circuit-breaker.js'
import type { SessionStorages } from './storage/session-storage.js'
import type { TransactionCookieFactory } from './transaction-cookies.js'

/** One request under `oidc()`: its session, and other parts that are created when they are needed. */
export class RequestContext {
  readonly httpRequest: HttpRequest
  readonly session: SessionBinding
  /** The login that this request finishes, once it is known. */
  login: LoginUnderWay | undefined
  /** The path that the middleware is mounted at. */
  readonly mount: string
  readonly #oidc: OidcContext
  readonly #storage: RelyingPartyStorage
  readonly #req: NodeRequest
  readonly #res: NodeResponse
  #identity: SessionIdentity | undefined
  #cookies: FlowCookies | undefined
  #transactions: Promise<TransactionCookies> | undefined
  #rp: WebRelyingParty | undefined

  constructor(oidc: OidcContext, { httpRequest, session, storage }: RequestParts, req: NodeRequest, res: NodeResponse) {
    this.httpRequest = httpRequest
    this.session = session
    this.#storage = storage
    // Read now: routers further in remove their own mount paths too.
    this.mount = mountPathOf(req)
    this.#oidc = oidc
    this.#req = req
    this.#res = res
  }

  get application(): Application {
    return this.#oidc.application
  }

  /** The relying party of the session, or without a session the only one; `undefined` if people choose among several. */
  get rp(): WebRelyingParty | undefined {
    const record = this.session.current()
    if (record === undefined) return this.#rp ?? this.#oidc.relyingParties.only
    return (this.#rp ??= this.#storage.rp ?? this.#oidc.relyingParties.of(record))
  }

  /** The base URL that the request came to. */
  get base(): BaseUrl {
    return baseUrlOf(this.#oidc.application.baseUrls, this.httpRequest)
  }

  /**
   * The relying party of the session, for a call that needs one.
   *
   * @throws {SessionError} `session_missing`
   */
  requireRelyingParty(call: string): WebRelyingParty {
    const { rp } = this
    if (rp !== undefined) return rp
    throw sessionMissing(call)
  }

  /** The relying party of another session than that of the request. */
  rpOf(record: SessionRecord): WebRelyingParty | undefined {
    return this.#oidc.relyingParties.of(record)
  }

  /** Where everybody signs in; absent if people choose. */
  get only(): WebRelyingParty | undefined {
    return this.#oidc.relyingParties.only
  }

  /** The names of the providers; empty if they are not known before. */
  get names(): readonly string[] {
    return this.#oidc.relyingParties.listed.map(({ name }) => name)
  }

  /** Finds a relying party by the name of its provider. */
  find(name: string): MaybePromise<WebRelyingParty | undefined> {
    return this.#oidc.relyingParties.find(name, this.#req)
  }

  /** Stores the session of a login that this request has finished. */
  async signIn(rp: WebRelyingParty, record: SessionRecord): Promise<void> {
    const { listed } = this.#oidc.binding
    const begun = (await listed?.enter(record, rp.configuration, this.httpRequest)) ?? record
    try {
      await this.session.store(begun)
    } catch (error) {
      await listed?.leave(begun)
      throw error
    }
    this.#rp = rp
    // Anyone may have named an issuer in the options of a provider: it counts once it has signed somebody in.
    if (rp.sessionProvider !== undefined) noteBroughtLogin(rp.configuration)
  }

  /**
   * Refuses a call of the application that would change a response which has begun.
   *
   * @throws {SessionError} `headers_already_sent`
   */
  requireUnsent(call: string): void {
    if (!this.#res.headersSent) return
    throw new SessionError(
      'headers_already_sent',
      `${call} was called after the response's headers were written: call it earlier`,
    )
  }

  /** The person who is signed in now. */
  identity(): SessionIdentity | undefined {
    const record = this.session.current()
    if (record === undefined) return undefined
    const known = this.#identity
    const rules = this.rp?.configuration ?? this.application.configuration
    return known?.record === record ? known : (this.#identity = new SessionIdentity(record, rules))
  }

  /** Why nobody is signed in, for logs. */
  absence(): OidcErrorDetails {
    return absenceDetails(this.sessionAbsence(), this.httpRequest, this.base)
  }

  /** Why no session of the browser counts. */
  sessionAbsence(): SessionAbsence {
    return this.#storage.absence(this.httpRequest.cookies)
  }

  cookies(): FlowCookies {
    return (this.#cookies ??= this.#oidc.flowCookies(this.base)(this.httpRequest, this.#res))
  }

  /**
   * @throws {ConfigurationError} `invalid_options` if the middleware is mounted where the callback never arrives: no login that
   *   begins here could be finished
   */
  async transactions(): Promise<TransactionCookies> {
    if (!isFittingMount(this.mount, this.base)) throw unfittingMount(this.mount, this.base)
    return (this.#transactions ??= this.#oidc.transactionCookies(this.#req, this.#res))
  }

  /** Writes the response of `login()` and `logout()`. */
  respond(outcome: Redirect | Respond): void {
    respond(this.#req, this.#res, outcome)
  }
}

interface RequestParts {
  readonly httpRequest: HttpRequest
  readonly session: SessionBinding
  /** Where the session was read. */
  readonly storage: RelyingPartyStorage
}

/**
 * Reads the session of one request.
 *
 * @throws {SessionError} `session_store_unavailable`, or rejects with it
 */
export function openRequest(
  oidc: OidcContext,
  httpRequest: HttpRequest,
  req: NodeRequest,
  res: NodeResponse,
): MaybePromise<RequestContext> {
  const storage = oidc.storageOf(req, httpRequest, res)
  const { migration } = oidc
  return whenDone(
    migration === undefined
      ? bindSession(oidc.binding, storage, httpRequest, res)
      : migration.bind({ httpRequest, req, res, storage }),
    (session) => new RequestContext(oidc, { httpRequest, session, storage }, req, res),
  )
}

/** What all requests to one `oidc()` share: the relying parties, and the factories of cookies. */
export interface OidcContext {
  readonly application: Application
  readonly relyingParties: RelyingParties
  /** Writes the page with the choices among several providers, in place of ours. */
  readonly loginPage?: LoginPage | undefined
  /** The storage for the session of a request. */
  readonly storageOf: (...request: Parameters<SessionStorages>) => RelyingPartyStorage
  readonly binding: BindingSettings
  readonly transactionCookies: TransactionCookieFactory
  readonly flowCookies: (base: BaseUrl) => FlowCookieFactory
  readonly revalidation: Revalidation
  readonly migration?: Migration | undefined
  /** The JWK Set of this client, if it is published. */
  readonly jwks?: string | undefined
  /** Binds sessions to devices, if the options want that. */
  readonly devices?: Devices | undefined
  /** Skips silent logins while the provider is unavailable: page loads must not wait for it. */
  readonly silentLogins: CircuitBreaker
}
