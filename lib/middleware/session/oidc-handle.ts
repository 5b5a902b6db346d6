import type { TokenTargetOptions } from '../../options/client/options.js'
import type { LoginOptions } from '../../relying-party/login/login.js'
import type { LogoutCallOptions } from '../../relying-party/logout/logout.js'
import type { SessionClaims } from '../../options/declared-claims.js'
import type { AccessTokenOptions, AccessTokenTarget } from '../../options/oidc/access-token.js'
import type { UserinfoOptions } from '../../options/oidc/userinfo.js'
import { currentAccessToken } from '../../relying-party/tokens/access-token.js'
import { refreshSession } from '../../relying-party/session-refresh.js'
import { fetchForSession } from '../../relying-party/tokens/session-fetch.js'
import { sessionUserinfo } from '../../relying-party/userinfo.js'
import { issuedIdToken } from '../../session/claims.js'
import { type SessionClocks, clocksOf } from '../../session/lifetime.js'
import { beginLogin } from './begin-login.js'
import { fetchOf } from '../../options/common/http-client.js'
import type { RequestContext } from './request-context.js'
import { OwnSessions } from './list/own-sessions.js'
import { updateData } from './session-data.js'
import { signOutAsAsked } from './sign-out.js'
import { exchangeForSession } from './tokens/exchange.js'

/** `req.oidc`: the login session of this request. Logging it, or turning it into JSON, reveals nothing of the session. */
export class OidcHandle<PersonClaims extends object = SessionClaims> {
  readonly #context: RequestContext

  /** @internal */
  constructor(context: RequestContext) {
    this.#context = context
  }

  /** Name of the provider that the person is signed in at, if `oidc()` has several. */
  get provider(): string | undefined {
    return this.#context.session.current()?.provider?.name
  }

  /** Whether someone is signed in. */
  isAuthenticated(): boolean {
    return this.#context.session.current() !== undefined
  }

  /** Claims of the person who is signed in, from the ID Token and, with the option `userinfo`, from the UserInfo endpoint. `iss` and `sub` together are the key of a person. */
  get user(): Readonly<PersonClaims & { iss: string; sub: string }> | undefined {
    const person = this.#context.identity()?.person
    // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- typed by the application, which knows its provider
    return person as Readonly<PersonClaims & { iss: string; sub: string }> | undefined
  }

  /**
   * The ID Token, validated at login. It is not an access token: never send it to an API. `undefined` if nobody is signed in,
   * or if the session's cookie had no room for it. `user` and `req.auth` hold its claims in any case.
   */
  get idToken(): string | undefined {
    const record = this.#context.session.current()
    return record === undefined ? undefined : issuedIdToken(record)
  }

  /** The application's own data, from `onLogin` and `update()`. */
  get data(): Readonly<Record<string, unknown>> {
    return this.#context.session.current()?.data ?? {}
  }

  /** When the session began and when it ends, in seconds since the epoch. */
  get session(): SessionClocks | undefined {
    const record = this.#context.session.current()
    return record === undefined ? undefined : clocksOf(record, this.#context.application.configuration.session)
  }

  /** The sessions of the person who is signed in, in all browsers: to list, and to end. They need a shared store. */
  get sessions(): OwnSessions {
    return new OwnSessions(this.#context)
  }

  /**
   * Returns the access token. It is renewed if it expires in less than `minTtl` seconds; concurrent requests share one
   * renewal. Call it before the response begins: new tokens may travel to the browser in the session's cookie.
   *
   * With `resource` it returns a token for that API, with `scope` one with fewer scopes. A session keeps up to five of these.
   *
   * @example
   * ```ts
   * app.get('/orders', requireAuth(), async (req, res) => {
   *   const token = await req.oidc.accessToken({ resource: 'https://api.example.com' })
   *   const headers = { authorization: `Bearer ${token}` }
   *   res.json(await (await fetch('https://api.example.com/orders', { headers })).json())
   * })
   * ```
   *
   * @throws {SessionError} `session_missing`; `session_expired` if the provider has ended the login, which ends the session
   *   too; `no_access_token` if the provider gave none; `access_token_expired` without a refresh token;
   *   `access_token_missing` for a target that was not granted; `headers_already_sent`
   * @throws {ConfigurationError} `invalid_options` for a scope that no login asks for, or a resource that is not a URI
   * @throws {TokenEndpointError} `token_request_failed` if the provider issues no token for that target. The session goes on.
   * @throws {TokenValidationError} if the new ID Token belongs to another login. The session has ended.
   * @throws {AuthorizationResponseError} `access_denied` if the person's tenant is no longer accepted. The session has ended.
   * @throws {ProviderError} if the provider is unavailable and the token has expired. The session goes on.
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2.2
   */
  async accessToken(options: AccessTokenOptions = {}): Promise<string> {
    return currentAccessToken(this.#context.requireRelyingParty('accessToken()'), this.#context.session, options)
  }

  /**
   * Renews the session at the provider now, and not when a token expires: new tokens, and the claims that `user` and guards see.
   * Call it after something has changed there, such as a role or a verified e-mail address. Concurrent requests share one renewal.
   *
   * @example
   * ```ts
   * app.post('/role-granted', requireAuth(), async (req, res) => {
   *   await req.oidc.refresh()
   *   res.json(req.oidc.user)
   * })
   * ```
   *
   * @throws {SessionError} `refresh_token_missing` if the login brought no refresh token; else as for `accessToken()`
   * @throws {TokenValidationError} {@link AuthorizationResponseError} as for `accessToken()`. The session has ended.
   * @throws {ProviderError} if the provider is unavailable. The session goes on.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens
   */
  async refresh(): Promise<void> {
    await refreshSession(this.#context.requireRelyingParty('refresh()'), this.#context.session)
  }

  /**
   * Calls an API at one of `allowedOrigins` with the access token, and with its proof if `dpop` is set. After a 401 it retries
   * once with a new token, if the body can be sent again. The token is not sent along with a redirect to another origin.
   *
   * @example
   * ```ts
   * const response = await req.oidc.fetch('https://api.example.com/orders', { method: 'POST' })
   * ```
   *
   * @throws {ConfigurationError} `invalid_options` for an origin that is not listed
   * @throws like {@link OidcHandle.accessToken} and `fetch`
   */
  async fetch(url: string | URL, init?: RequestInit, target?: AccessTokenTarget): Promise<Response> {
    const rp = this.#context.requireRelyingParty('fetch()')
    return fetchForSession(rp, this.#context.session, fetchOf(rp.configuration), { url, init, target })
  }

  /**
   * Exchanges the session's access token for one that calls another service on the person's behalf, if the provider supports
   * this grant. The result is cached, for no longer than the session's access token is valid.
   *
   * @throws {TokenEndpointError} `invalid_grant` or `token_request_failed` if the provider refuses. The session goes on.
   * @throws like {@link OidcHandle.accessToken}
   * @see https://www.rfc-editor.org/rfc/rfc8693#section-2
   */
  async exchange(target: TokenTargetOptions = {}): Promise<string> {
    return exchangeForSession(this.#context, target)
  }

  /**
   * Returns claims from the provider's UserInfo endpoint, frozen. This process caches them per session for `maxAgeSeconds`.
   * If the endpoint refuses the access token, it retries once with a new one.
   *
   * @throws {SessionError} `session_missing`, `no_access_token` or `access_token_expired`; `session_expired` if the endpoint refuses a new access
   *   token too, or there is none
   * @throws {TokenValidationError} `subject_mismatch` if the response is about another person. The session goes on.
   * @throws {ProviderError} if the provider is unavailable
   * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
   */
  async userinfo(options: UserinfoOptions = {}): Promise<Readonly<PersonClaims & { sub: string }>> {
    const claims = await sessionUserinfo(
      this.#context.requireRelyingParty('userinfo()'),
      this.#context.session,
      options,
    )
    // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- typed by the application, which knows its provider
    return claims as Readonly<PersonClaims & { sub: string }>
  }

  /**
   * Starts a login: responds with a redirect to the provider, or after a form with a page that goes there by itself. The
   * person comes back to `returnTo`, by default to this page, or to the page of the form.
   *
   * @throws {ConfigurationError} `invalid_options`
   * @throws {SessionError} `headers_already_sent`
   * @throws {TransactionError} `login_loop`
   * @throws {ProviderError} if the provider is unavailable
   * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
   */
  async login(options: LoginOptions = {}): Promise<void> {
    this.#context.requireUnsent('login()')
    this.#context.respond(await beginLogin(this.#context, options))
  }

  /**
   * Ends the session, revokes its tokens and responds: with a redirect to the provider's logout, or to `returnTo` if there is
   * none; after a form with a page that goes there by itself; to a script with JSON, whose `logout_url` its window must open.
   *
   * @example
   * ```ts
   * app.post('/sign-out', (req) => req.oidc.logout({ returnTo: '/goodbye' }))
   * ```
   *
   * @throws {SessionError} `headers_already_sent`, or `session_store_unavailable`: the session goes on
   * @throws {ConfigurationError} `invalid_options` for `params` that this package sets itself
   * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
   */
  async logout(options: LogoutCallOptions = {}): Promise<void> {
    this.#context.requireUnsent('logout()')
    this.#context.respond(await signOutAsAsked(this.#context, options))
  }

  /**
   * Adds members to `data`, or removes those that are `undefined`. Values must be JSON values.
   *
   * @example
   * ```ts
   * await req.oidc.update({ theme: 'dark' })
   * ```
   *
   * @throws {SessionError} `session_missing`, `session_too_large`, `headers_already_sent` or `session_store_unavailable`
   * @throws {ConfigurationError} `invalid_options` for a value that is not an object of JSON values
   */
  async update(data: Readonly<Record<string, unknown>>): Promise<void> {
    await updateData(this.#context, data)
  }
}
