import type { AppUnderTest } from '../agent.js'
import type { BackchannelLogoutOptions, SignInOptions } from '../call-options.js'
import type { ProviderTestOptions } from '../given-options.js'
import type { AccessTokens } from '../test-tokens.js'
import type { Walked } from '../walk.js'
import type { TestEndpoint } from './metadata.js'

/** An OpenID provider in the process of a test. It needs neither a network nor another package, and the test sets its clock. */
export interface TestProvider {
  /** As given, or 'https://provider.test'. */
  readonly issuer: string
  /**
   * Complete options: `oidc(provider.options.oidc)`, `bearer(provider.options.bearer)`. Add your own after them.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   *
   * const provider = await testProvider()
   * app.use(oidc({ ...provider.options.oidc, authorizationParams: { prompt: 'login' } }))
   * ```
   */
  readonly options: ProviderTestOptions
  /**
   * Reaches the provider, without a network. Requests to other hosts go to the option `fetch` of `testProvider()`; without it they
   * fail. It is the `fetch` of `options`.
   */
  readonly fetch: typeof globalThis.fetch
  /**
   * Makes access tokens, valid and invalid ones.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   * import request from 'supertest'
   *
   * const provider = await testProvider()
   * await request(app).get('/orders').auth(provider.accessToken({ scope: 'orders:read' }), { type: 'bearer' }).expect(200)
   * await request(app).get('/orders').auth(provider.accessToken.expired(), { type: 'bearer' }).expect(401)
   * ```
   */
  readonly accessToken: AccessTokens
  /**
   * Signs a person in through the application's own routes. `onLogin` runs as in production.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   * import request from 'supertest'
   *
   * const provider = await testProvider({ users: { alice: {} } })
   * app.use(oidc(provider.options.oidc))
   * await provider.signIn(request.agent(app), 'alice')
   * ```
   *
   * @throws {TransactionError} `login_refused`: the application did not sign them in, and no `error` was given, or the provider refused
   *   its request; the message has the answer
   * @throws {ProviderError} `provider_unavailable` after `down()` or `fail()`
   * @throws {ConfigurationError} `invalid_options`
   */
  signIn(app: AppUnderTest, user: string, options?: SignInOptions): Promise<Walked>
  /**
   * Signs out through the application's logout route and the provider.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   * import request from 'supertest'
   *
   * const provider = await testProvider({ users: { alice: {} } })
   * const agent = request.agent(app.use(oidc(provider.options.oidc)))
   * await provider.signIn(agent, 'alice')
   * await provider.signOut(agent)
   * ```
   *
   * @throws {TransactionError} `login_refused`: the logout route did not lead to the provider, or the provider refused its request
   * @throws {ProviderError} `provider_unavailable` after `down()` or `fail()`
   * @throws {ConfigurationError} `invalid_options`
   */
  signOut(app: AppUnderTest, options?: { readonly path?: string; readonly cookie?: string }): Promise<Walked>
  /**
   * Posts a logout token to the application, and returns the status of each answer.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   * import request from 'supertest'
   *
   * const provider = await testProvider({ users: { alice: {} } })
   * await provider.signIn(request.agent(app.use(oidc(provider.options.oidc))), 'alice')
   * const [status] = await provider.backchannelLogout('alice') // 200
   * ```
   *
   * @throws {ConfigurationError} `invalid_options` for an unknown person, or one who has not signed in anywhere
   */
  backchannelLogout(user: string, options?: BackchannelLogoutOptions): Promise<readonly number[]>
  /**
   * Makes an endpoint fail until `up()` or the returned function is called. The body is JSON, by default
   * `{ error: 'server_error' }`.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   *
   * const provider = await testProvider()
   * const recover = provider.fail('token', 503)
   * // … what the application does while it gets no tokens
   * recover()
   * ```
   *
   * @throws {ConfigurationError} `invalid_options` for an unknown endpoint, or a status that is not from 200 to 599
   */
  fail(endpoint: TestEndpoint, status: number, body?: unknown): () => void
  /**
   * Makes the whole provider unavailable, until `up()` is called.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   *
   * const provider = await testProvider()
   * provider.down()
   * // … what the application does without the provider
   * provider.up()
   * ```
   */
  down(): void
  /**
   * Makes the provider available again, after `down()` and `fail()`.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   *
   * const provider = await testProvider()
   * provider.fail('userinfo', 500)
   * provider.up()
   * ```
   */
  up(): void
  /**
   * Replaces the signing key. Only the new one is published.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   *
   * const provider = await testProvider()
   * const old = provider.accessToken()
   * provider.rotateKeys() // the old token is no longer accepted
   * ```
   */
  rotateKeys(): void
  /**
   * Ends the refresh tokens of a person, or of everybody, as an administrator may do.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   *
   * const provider = await testProvider({ users: { alice: {} } })
   * provider.revokeRefresh('alice')
   * provider.advance(3600) // her access token expires, and cannot be renewed
   * ```
   *
   * @throws {ConfigurationError} `invalid_options` for an unknown person
   */
  revokeRefresh(user?: string): void
  /**
   * Moves the clock ahead: the provider's, and that of every `oidc()`, `bearer()` and `clientCredentials()` with its options.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   *
   * const provider = await testProvider()
   * const token = provider.accessToken({ expiresIn: 60 })
   * provider.advance(120) // the token has expired
   * ```
   *
   * @throws {ConfigurationError} `invalid_options` for a negative number
   */
  advance(seconds: number): void
  /**
   * Stops that clock. Afterwards only `advance()` moves it, however slow the machine is.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   *
   * const provider = await testProvider()
   * provider.freeze()
   * const at = provider.now()
   * ```
   */
  freeze(): void
  /**
   * The time by that clock, in seconds since the epoch.
   *
   * @example
   * ```ts
   * import { testProvider } from 'express-oidc/testing'
   *
   * const provider = await testProvider()
   * const authTime = provider.now() - 600 // signed in ten minutes ago
   * ```
   */
  now(): number
}
