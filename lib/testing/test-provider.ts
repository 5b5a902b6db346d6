import { ConfigurationError } from '../errors.js'
import { checkOptions } from '../options/common/parse.js'
import { requireTesting } from '../options/testing.js'
import { type AppUnderTest, requireSendsSecureCookies, type Send, senderOf } from './agent.js'
import type { BackchannelLogoutOptions, SignInOptions } from './call-options.js'
import { type ProviderTestOptions, optionsOf } from './given-options.js'
import { type Person, type TestProviderOptions, readOptions } from './options.js'
import { type TestEndpoint, endpointPaths, isEndpointName } from './provider/metadata.js'
import { ProviderServer } from './provider/provider.js'
import { type ProviderState, newKey, newState } from './provider/state.js'
import { issueLogoutToken, revokeRefreshTokens } from './provider/tokens.js'
import type { TestProvider } from './provider/types.js'
import { backchannelLogoutOptions, signInOptions, signOutOptions } from './schema.js'
import { type AccessTokens, createAccessTokens, personNamed } from './test-tokens.js'
import { logoutPathBeside, Walk, type Walked, type WalkedLogin } from './walk.js'

/**
 * Starts a provider in this process. Tokens are signed and validated as in production. Only `fetch` is replaced.
 *
 * @example
 * ```ts
 * import { testProvider } from 'express-oidc/testing'
 * import request from 'supertest'
 *
 * const provider = await testProvider({ users: { alice: { dept: 'hr' } } })
 * app.use(oidc(provider.options.oidc))
 * const agent = request.agent(app)
 * await provider.signIn(agent, 'alice')
 * await agent.get('/hr').expect(200)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options` for an unknown or invalid option, and with `NODE_ENV=production`
 */
export async function testProvider(options: TestProviderOptions = {}): Promise<TestProvider> {
  requireTesting('testProvider()')
  const state = newState(readOptions(options))
  const server = new ProviderServer(state)
  return new Provider(state, server)
}

interface Visit {
  readonly send: Send
  readonly clientId: string
  readonly path: string
}

class Provider implements TestProvider {
  readonly issuer: string
  readonly options: ProviderTestOptions
  readonly fetch: typeof globalThis.fetch
  readonly accessToken: AccessTokens
  readonly #state: ProviderState
  readonly #server: ProviderServer
  readonly #visits = new Map<Person, Map<string, Visit>>()

  constructor(state: ProviderState, server: ProviderServer) {
    this.#state = state
    this.#server = server
    this.issuer = state.configuration.issuer
    this.fetch = server.fetch
    this.options = optionsOf(state, server.fetch)
    this.accessToken = createAccessTokens(state)
  }

  async signIn(app: AppUnderTest, user: string, options: SignInOptions = {}): Promise<Walked> {
    const { path, cookie, ...decision } = checkOptions('signIn()', signInOptions, options)
    const person = personNamed(this.#state, user)
    const send = this.#senderOf(app)
    const walk = new Walk(send, this.#state, this.#server, cookie)
    const { clientId, redirectUri, sentTo, ...walked } = await walk.login(path, { ...decision, person })
    if (redirectUri.startsWith('https:')) requireSendsSecureCookies(app, sentTo)
    this.#remember(person, send, { clientId, redirectUri })
    return walked
  }

  async signOut(app: AppUnderTest, options: { path?: string; cookie?: string } = {}): Promise<Walked> {
    const { path, cookie } = checkOptions('signOut()', signOutOptions, options)
    return new Walk(this.#senderOf(app), this.#state, this.#server, cookie).logout(path)
  }

  async backchannelLogout(user: string, options: BackchannelLogoutOptions = {}): Promise<readonly number[]> {
    checkOptions('backchannelLogout()', backchannelLogoutOptions, options)
    const person = personNamed(this.#state, user)
    const visits = this.#visitsOf(person, options)
    return Promise.all(
      visits.map(async ({ send, clientId, path }) => {
        const token = issueLogoutToken(this.#state, { clientId, sub: person.sub })
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        const body = new URLSearchParams({ logout_token: token }).toString()
        const { status } = await send({ method: 'POST', path: options.path ?? path, headers, body })
        return status
      }),
    )
  }

  fail(endpoint: TestEndpoint, status: number, body: unknown = { error: 'server_error' }): () => void {
    if (!isEndpointName(endpoint)) {
      throw new ConfigurationError('invalid_options', `fail() takes one of ${Object.keys(endpointPaths).join(', ')}`)
    }
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new ConfigurationError('invalid_options', 'fail() takes a status from 200 to 599')
    }
    this.#server.fail(endpoint, { status, body })
    return () => this.#server.recover(endpoint)
  }

  down(): void {
    this.#server.isUp = false
  }

  up(): void {
    this.#server.isUp = true
    this.#server.recover()
  }

  rotateKeys(): void {
    this.#state.key = newKey()
  }

  revokeRefresh(user?: string): void {
    revokeRefreshTokens(this.#state, user === undefined ? undefined : personNamed(this.#state, user).sub)
  }

  advance(seconds: number): void {
    if (!Number.isFinite(seconds) || seconds < 0) {
      throw new ConfigurationError('invalid_options', 'advance() takes a number of seconds, and never goes back')
    }
    this.#state.clock.advance(seconds)
  }

  freeze(): void {
    this.#state.clock.freeze()
  }

  now(): number {
    return this.#state.clock.seconds
  }

  #senderOf(app: AppUnderTest): Send {
    return senderOf(app, this.#state.configuration.baseUrl)
  }

  #remember(
    person: Person,
    send: Send,
    { clientId, redirectUri }: Pick<WalkedLogin, 'clientId' | 'redirectUri'>,
  ): void {
    const visits = this.#visits.get(person) ?? new Map<string, Visit>()
    this.#visits.set(person, visits)
    visits.set(`${clientId} ${redirectUri}`, {
      send,
      clientId,
      path: logoutPathBeside(redirectUri),
    })
  }

  #visitsOf(person: Person, { app, path, clientId }: BackchannelLogoutOptions): readonly Visit[] {
    if (app !== undefined) {
      const visit = { send: this.#senderOf(app), path: path ?? '/backchannel-logout' }
      return [{ ...visit, clientId: clientId ?? this.options.oidc.clientId }]
    }
    const all = [...(this.#visits.get(person)?.values() ?? [])]
    const visits = clientId === undefined ? all : all.filter((visit) => visit.clientId === clientId)
    if (visits.length > 0) return visits
    const where = clientId === undefined ? 'anywhere' : `at the client "${clientId}"`
    const message = `${person.name} has not signed in ${where} by signIn(): give backchannelLogout() the application, as { app }`
    throw new ConfigurationError('invalid_options', message)
  }
}
