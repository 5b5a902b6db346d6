import { SessionError, TokenValidationError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import type { Redirect } from '../http/outcome.js'
import type { Claims } from '../policy/principal.js'
import { startLogin, type LoginOptions } from '../relying-party/login.js'
import { endSession, type LogoutCallOptions } from '../relying-party/logout.js'
import type { RelyingParty } from '../relying-party/party.js'
import type { TransactionCookies } from '../relying-party/transaction.js'
import { idTokenClaims, personClaims } from '../session/claims.js'
import { clocksOf, type SessionClocks } from '../session/clocks.js'
import { isJsonObject } from '../seal/json.js'
import { sessionData } from '../session/data.js'
import type { SessionRecord } from '../session/record.js'
import type { SessionBinding } from './session-binding.js'

/** What the handle works on: one request under `oidc()`. */
export interface HandleContext {
  readonly party: RelyingParty
  readonly exchange: Exchange
  readonly session: SessionBinding
  readonly transactions: () => TransactionCookies
  /** Writes the answer of `login()` and `logout()`. */
  readonly respond: (outcome: Redirect) => void
  readonly headersSent: () => boolean
}

/** Options of `req.oidc.accessToken()`. */
export interface AccessTokenOptions {
  /** Seconds that the token must still live. @default 30 */
  minTtl?: number | undefined
}

/** `req.oidc`: the login session of this request. Printing it, or turning it into JSON, shows nothing of what it holds. */
export class OidcHandle<PersonClaims extends object = Claims> {
  readonly #context: HandleContext

  constructor(context: HandleContext) {
    this.#context = context
  }

  /** Whether someone is signed in. */
  isAuthenticated(): boolean {
    return this.#context.session.current() !== undefined
  }

  /** Who is signed in, by the claims of the ID Token; `iss` and `sub` together are the key of a person. */
  get user(): Readonly<PersonClaims & { iss: string; sub: string }> | undefined {
    const record = this.#context.session.current()
    if (record === undefined) return undefined
    // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- typed by the application, which knows its provider
    return personClaims(idTokenClaims(record)) as Readonly<PersonClaims & { iss: string; sub: string }>
  }

  /** The ID Token, validated at login. It is no access token: never send it to an API. */
  get idToken(): string | undefined {
    return this.#context.session.current()?.idToken
  }

  /** What `onLogin` and `update()` put into the session. */
  get data(): Readonly<Record<string, unknown>> {
    return this.#context.session.current()?.data ?? {}
  }

  /** When the session ends, in seconds since the epoch. */
  get session(): SessionClocks | undefined {
    const record = this.#context.session.current()
    return record === undefined ? undefined : clocksOf(record, this.#context.party.configuration.session)
  }

  /**
   * The access token, if it lives long enough.
   *
   * @throws {SessionError} `session_missing`, or `access_token_expired`: sign in again
   */
  // Asynchronous, because renewing a token will be.
  async accessToken(options: AccessTokenOptions = {}): Promise<string> {
    const { tokens } = this.#require('accessToken()')
    const { minTtl = 30 } = options
    const { platform } = this.#context.party
    if (tokens.expiresAt !== undefined && !(tokens.expiresAt - platform.now() / 1000 >= minTtl)) {
      throw new SessionError(
        'access_token_expired',
        `the access token has less than ${minTtl} seconds to live: sign in again`,
      )
    }
    return tokens.accessToken
  }

  /**
   * Claims from the provider's userinfo endpoint (OpenID Connect Core section 5.3). Another `sub` than that of the ID Token
   * ends the session: who is signed in is no longer sure.
   *
   * @throws {SessionError} `session_missing` or `access_token_expired`
   * @throws {TokenValidationError} `subject_mismatch`
   * @throws {ProviderError} when the provider is away
   */
  async userinfo(): Promise<Readonly<PersonClaims & { sub: string }>> {
    const record = this.#require('userinfo()')
    const { provider } = this.#context.party
    const token = await this.accessToken({ minTtl: 0 })
    const claims = await provider.userinfo(token, idTokenClaims(record).sub).catch((error: unknown) => {
      const isAnother = error instanceof TokenValidationError && error.code === 'subject_mismatch'
      if (isAnother) this.#context.session.clear()
      throw error
    })
    // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- typed by the application, which knows its provider
    return claims as Readonly<PersonClaims & { sub: string }>
  }

  /** Answers this request with a redirect to the provider. Afterwards the person is back at this page, or at `returnTo`. */
  async login(options: LoginOptions = {}): Promise<void> {
    const { party, exchange, transactions } = this.#context
    this.#refuseAfterHeaders('login()')
    const here = exchange.method === 'GET' ? exchange.target : undefined
    this.#context.respond(await startLogin(party, exchange, transactions(), { returnTo: here, ...options }))
  }

  /** Ends the session and answers this request with a redirect: to the provider's logout where it has one, or home. */
  async logout(options: LogoutCallOptions = {}): Promise<void> {
    const { party, exchange, session } = this.#context
    this.#refuseAfterHeaders('logout()')
    const record = session.current()
    session.clear()
    this.#context.respond(await endSession(party, exchange, record, options))
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
    const next = isJsonObject(data) ? { ...record.data, ...data } : data
    this.#context.session.store({ ...record, data: sessionData('update()', next) })
  }

  #require(call: string): SessionRecord {
    const record = this.#context.session.current()
    if (record === undefined)
      throw new SessionError('session_missing', `${call} needs someone to be signed in: put requireAuth() before`)
    return record
  }

  #refuseAfterHeaders(call: string): void {
    if (!this.#context.headersSent()) return
    throw new SessionError(
      'headers_already_sent',
      `${call} came after the response's headers were written: call it earlier`,
    )
  }
}
