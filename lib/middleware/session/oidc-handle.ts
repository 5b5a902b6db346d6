import { SessionError } from '../../errors.js'
import type { TokenTargetOptions } from '../../options/client/options.js'
import { parseTokenTarget } from '../../options/client/schema.js'
import { traced } from '../../base/diagnostics.js'
import type { Claims } from '../../policy/principal.js'
import { type LoginOptions, startLogin } from '../../relying-party/login/login.js'
import type { LogoutCallOptions } from '../../relying-party/logout/logout.js'
import type { AccessTokenOptions, AccessTokenTarget } from '../../options/oidc/access-token.js'
import type { UserinfoOptions } from '../../options/oidc/userinfo.js'
import { currentAccessToken } from '../../relying-party/tokens/access-token.js'
import { fetchForSession } from '../../relying-party/tokens/session-fetch.js'
import { sessionUserinfo } from '../../relying-party/userinfo.js'
import { issuedIdToken } from '../../session/claims.js'
import { type SessionClocks, clocksOf } from '../../session/lifetime.js'
import { refererTarget } from '../../http/return-to.js'
import { baseUrlOf } from '../../relying-party/base-url.js'
import { type SessionRecord, sessionData } from '../../session/record.js'
import { refuseCircles } from './login-loop.js'
import { fetchOf } from '../provider-settings.js'
import type { RequestContext } from './request-context.js'
import { signOut } from './sign-out.js'

/** `req.oidc`: the login session of this request. Printing it, or turning it into JSON, shows nothing of what it holds. */
export class OidcHandle<PersonClaims extends object = Claims> {
  readonly #context: RequestContext

  constructor(context: RequestContext) {
    this.#context = context
  }

  /** Whether someone is signed in. */
  isAuthenticated(): boolean {
    return this.#context.session.current() !== undefined
  }

  /** Who is signed in, by the claims of the ID Token; `iss` and `sub` together are the key of a person. */
  get user(): Readonly<PersonClaims & { iss: string; sub: string }> | undefined {
    const person = this.#context.identity()?.person
    // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- typed by the application, which knows its provider
    return person as Readonly<PersonClaims & { iss: string; sub: string }> | undefined
  }

  /**
   * The ID Token, validated at login. It is no access token: never send it to an API. `undefined` where nobody is signed in,
   * and where the session's cookie had no room for it: `user` and `req.auth` hold its claims all the same.
   */
  get idToken(): string | undefined {
    const record = this.#context.session.current()
    return record === undefined ? undefined : issuedIdToken(record)
  }

  /** What `onLogin` and `update()` put into the session. */
  get data(): Readonly<Record<string, unknown>> {
    return this.#context.session.current()?.data ?? {}
  }

  /** When the session ends, in seconds since the epoch. */
  get session(): SessionClocks | undefined {
    const record = this.#context.session.current()
    return record === undefined ? undefined : clocksOf(record, this.#context.rp.configuration.session)
  }

  /**
   * The access token, renewed when it has less than `minTtl` seconds to live. However many requests ask at once, the
   * provider is asked once. Call it before the response begins: the new tokens travel to the browser in its cookie.
   *
   * With `resource`, the token for one API of several; with `scope`, one that may do less than the login was granted. Up to
   * five of those are kept beside the main token, each with its own end.
   *
   * @throws {SessionError} `session_missing`; `session_expired`: the provider has ended the login, and the session with
   *   it; `access_token_expired` or `access_token_missing` where there is no refresh token, or no such scope was granted;
   *   `headers_already_sent`
   * @throws {ConfigurationError} `invalid_options` for a scope that no login asks for, or a resource that is no URI
   * @throws {TokenEndpointError} `token_request_failed`: the provider has no token for that target; the session goes on
   * @throws {TokenValidationError} the new ID Token is about another login: the session has ended
   * @throws {ProviderError} the provider is away or slow, and the token has expired; nobody is signed out by it
   * @see RFC 6749 section 6, RFC 8707 section 2.2
   */
  async accessToken(options: AccessTokenOptions = {}): Promise<string> {
    return currentAccessToken(this.#context.rp, this.#context.session, options)
  }

  /**
   * Calls an API with the access token for a target, and its proof where `dpop` is set, at one of `allowedOrigins`. Renews the
   * token once when the API answers with 401 and the body can be sent again. Redirects within the origin are followed with
   * the token, others without.
   *
   * @throws {ConfigurationError} `invalid_options` for an origin that is not listed
   * @throws as `accessToken()` does, and what `fetch` throws, as it is
   */
  async fetch(url: string | URL, init?: RequestInit, target?: AccessTokenTarget): Promise<Response> {
    const { rp, session } = this.#context
    return fetchForSession(rp, session, fetchOf(rp.configuration), { url, init, target })
  }

  /**
   * A token to call another service on behalf of who is signed in (RFC 8693): exchanged for the session's access token,
   * remembered by its hash, and never longer than that token lives. For providers that know this grant.
   *
   * @throws {TokenEndpointError} `invalid_grant`, `token_request_failed` where the provider refuses; the session goes on
   * @throws as `accessToken()` does
   */
  async exchange(target: TokenTargetOptions = {}): Promise<string> {
    const { session, exchanges } = this.#context
    const checked = parseTokenTarget(target, 'exchange()')
    const subjectToken = await this.accessToken()
    const subjectTokenExpiresAt = session.current()?.tokens.expiresAt
    return exchanges.get({ ...checked, subjectToken, subjectTokenExpiresAt })
  }

  /**
   * Claims from the provider's userinfo endpoint (OpenID Connect Core section 5.3), frozen. This process remembers them for
   * this session alone, for five minutes unless told otherwise. An answer with another `sub` than that of the ID Token, or
   * with none, is thrown away; the session goes on. A refused access token is renewed once.
   *
   * @throws {SessionError} `session_missing` or `access_token_expired`; `session_expired` where the endpoint refuses a new
   *   access token too, or there is none
   * @throws {TokenValidationError} `subject_mismatch`
   * @throws {ProviderError} when the provider is away
   */
  async userinfo(options: UserinfoOptions = {}): Promise<Readonly<PersonClaims & { sub: string }>> {
    const claims = await sessionUserinfo(this.#context.rp, this.#context.session, options)
    // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- typed by the application, which knows its provider
    return claims as Readonly<PersonClaims & { sub: string }>
  }

  /**
   * Sends the browser to the provider: by a redirect, or after a form by a page that goes on by itself. Afterwards the person
   * is back at this page, or after a form at the page that it was on, or at `returnTo`.
   */
  async login(options: LoginOptions = {}): Promise<void> {
    const { rp, httpRequest } = this.#context
    this.#refuseAfterHeaders('login()')
    const { returnTo: policy } = baseUrlOf(rp.baseUrls, httpRequest)
    const here = httpRequest.method === 'GET' ? httpRequest.target : refererTarget(httpRequest, policy)
    const wanted = { returnTo: here, ...options }
    refuseCircles(this.#context, wanted.returnTo)
    this.#context.respond(await startLogin(rp, httpRequest, this.#context.transactions(), wanted))
  }

  /**
   * Ends the session, revokes its tokens and answers this request with the way to the provider's logout where it has one,
   * else to `returnTo`: by a redirect, after a form by a page that goes on by itself, and to a script by JSON, whose
   * `logout_url` its window has to go to.
   *
   * @throws {SessionError} `headers_already_sent`
   * @see OpenID Connect RP-Initiated Logout 1.0 section 2
   */
  async logout(options: LogoutCallOptions = {}): Promise<void> {
    this.#refuseAfterHeaders('logout()')
    const { configuration } = this.#context.rp
    this.#context.respond(await traced('logout', configuration, () => signOut(this.#context, options)))
  }

  /**
   * Adds members to `data`; `undefined` removes one.
   *
   * @throws {SessionError} `session_missing`, `session_too_large` or `headers_already_sent`
   * @throws {ConfigurationError} `invalid_options` for what is no object of JSON values
   */
  async update(data: Readonly<Record<string, unknown>>): Promise<void> {
    const record = this.#require('update()')
    this.#refuseAfterHeaders('update()')
    // By itself too: what is no plain object would lose itself when it is spread.
    sessionData('update()', data)
    const merged = sessionData('update()', { ...record.data, ...data })
    await this.#context.session.store({ ...record, data: merged })
  }

  #require(call: string): SessionRecord {
    const record = this.#context.session.current()
    if (record === undefined)
      throw new SessionError('session_missing', `${call} needs someone to be signed in: put requireAuth() before`)
    return record
  }

  #refuseAfterHeaders(call: string): void {
    if (!this.#context.headersSent) return
    throw new SessionError(
      'headers_already_sent',
      `${call} came after the response's headers were written: call it earlier`,
    )
  }
}
