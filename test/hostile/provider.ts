import { randomUUID } from 'node:crypto'
import { type IncomingMessage, createServer } from 'node:http'
import { type Answer, formPost, json, jwt, redirect, status, writeAnswer } from './answers.js'
import {
  type RegisteredClient,
  authorizationRequestFlaws,
  clientAuthenticationFlaws,
  codeExchangeFlaws,
  endSessionFlaws,
  refreshFlaws,
  userinfoRequestFlaws,
} from './demands.js'
import { metadata, person } from './documents.js'
import { type Faults, applied } from './faults.js'
import type { SigningAlgorithm } from './keys.js'
import { listen } from '../kit/listen.js'
import { type LogoutAnswer, framePage, frameUrl, sendLogoutToken } from './logouts.js'
import { type Calls, type Endpoint, type RecordedRequest, countCalls, recordRequest } from './records.js'
import { type Grant, TokenIssuer } from './tokens.js'

/** What a provider is started with. */
export interface HostileProviderOptions {
  readonly client: RegisteredClient
  readonly faults: Faults
  /** Signs ID Tokens. @default 'RS256' */
  readonly algorithm?: SigningAlgorithm
  /** Whether the authorization response carries `iss` (RFC 9207) and the metadata say so. @default false */
  readonly sendsIssuer?: boolean
}

/** A provider on a port of its own, with keys of its own. */
export interface HostileProvider {
  readonly issuer: string
  readonly calls: () => Calls
  readonly requests: readonly RecordedRequest[]
  /** What requests of an honest relying party would not have done. */
  readonly flaws: readonly string[]
  /** What the application answered to logout tokens. */
  readonly logouts: readonly LogoutAnswer[]
  readonly close: () => Promise<void>
}

/** Starts a provider that follows the specifications in everything but its faults. */
export async function startHostileProvider(options: HostileProviderOptions): Promise<HostileProvider> {
  const endpoints = new Endpoints(options)
  const server = createServer((request, response) => {
    endpoints.answer(request).then(
      (answer) => writeAnswer(response, answer),
      (error: unknown) => {
        endpoints.flaws.push(`the provider could not read a request: ${String(error)}`)
        writeAnswer(response, status(500))
      },
    )
  })
  const { origin, close } = await listen(server)
  endpoints.issuer = `${origin}/`
  const { issuer, requests, flaws, logouts } = endpoints
  return { issuer, calls: () => countCalls(requests), requests, flaws, logouts, close }
}

class Endpoints {
  issuer = ''
  readonly requests: RecordedRequest[] = []
  readonly flaws: string[] = []
  readonly logouts: LogoutAnswer[] = []
  readonly #client: RegisteredClient
  readonly #faults: Faults
  readonly #sendsIssuer: boolean
  readonly #tokens: TokenIssuer
  readonly #jwksPath = `/${randomUUID()}/jwks`
  readonly #paths: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
    [this.#jwksPath, 'jwks'],
    ['/.well-known/openid-configuration', 'discovery'],
    ['/authorize', 'authorize'],
    ['/token', 'token'],
    ['/userinfo', 'userinfo'],
    ['/end_session', 'end_session'],
  ])
  readonly #answers: Readonly<Record<Endpoint, (request: RecordedRequest) => Answer | Promise<Answer>>> = {
    discovery: () => json(applied(this.#faults.discovery, metadata(this.issuer, this.#jwksPath, this.#sendsIssuer))),
    jwks: () => json({ keys: this.#tokens.keys.published }),
    authorize: (request) => this.#authorize(request),
    token: (request) => this.#token(request),
    userinfo: (request) => this.#userinfo(request),
    end_session: (request) => this.#endSession(request),
    other: () => status(404),
  }

  constructor({ client, faults, algorithm = 'RS256', sendsIssuer = false }: HostileProviderOptions) {
    this.#client = client
    this.#faults = faults
    this.#sendsIssuer = sendsIssuer
    this.#tokens = new TokenIssuer(client, faults, algorithm)
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    const { pathname } = new URL(request.url ?? '/', this.issuer)
    const recorded = await recordRequest(request, this.#paths.get(pathname) ?? 'other')
    this.requests.push(recorded)
    return this.#answers[recorded.endpoint](recorded)
  }

  #authorize(request: RecordedRequest): Answer {
    this.flaws.push(...authorizationRequestFlaws(request, this.#client))
    const second = countCalls(this.requests).authorize === 2
    if (second && this.#faults.rotates === 'at the second authorization request') this.#tokens.replaceKeys()
    const { query } = request
    const plain = new URLSearchParams({ code: this.#tokens.code(query), state: query.get('state') ?? '' })
    if (this.#sendsIssuer) plain.set('iss', this.issuer)
    const response = applied(this.#faults.authorization, plain)
    const answer = query.get('response_mode') === 'form_post' ? formPost : redirect
    return answer(this.#client.redirectUri, response)
  }

  #token(request: RecordedRequest): Answer {
    const grant = this.#tokens.redeem(request.body)
    const refreshing = request.body.get('grant_type') === 'refresh_token'
    const flaws = clientAuthenticationFlaws(request, this.#client)
    if (grant === undefined) flaws.push('token: code or refresh token is unknown or used')
    else if (refreshing) flaws.push(...refreshFlaws(request, grant.authorized))
    else {
      flaws.push(...codeExchangeFlaws(request, this.#client, grant.authorized))
    }
    this.flaws.push(...flaws)
    if (grant === undefined || flaws.length > 0) return json({ error: 'invalid_grant' }, 400)
    return json(this.#tokens.response(grant, this.issuer, refreshing))
  }

  #userinfo(request: RecordedRequest): Answer {
    this.flaws.push(...userinfoRequestFlaws(request))
    const token = /^Bearer ([\w-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const grant = this.#tokens.grantOf(token ?? '')
    if (grant === undefined) {
      this.flaws.push('userinfo: access token')
      return status(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
    }
    const claims = applied(this.#faults.userinfo, { ...person, sub: grant.subject })
    if (!this.#faults.userinfoSigned) return json(claims)
    const { keys } = this.#tokens
    const header = { alg: this.#faults.userinfoSigned, kid: keys.kid }
    return jwt(keys.sign(header, { ...claims, iss: this.issuer, aud: this.#client.clientId }))
  }

  // The application hears of the logout while its own request for it is still under way.
  async #endSession(request: RecordedRequest): Promise<Answer> {
    const { backchannelLogoutUri, frontchannelLogoutUri } = this.#client
    const parameters = request.method === 'POST' ? request.body : request.query
    const hint = parameters.get('id_token_hint')
    const grant = this.#tokens.grantOfIdToken(hint ?? '')
    const target = parameters.get('post_logout_redirect_uri')
    // What has no target is the person's own visit to the provider.
    if (target !== null) this.flaws.push(...endSessionFlaws(parameters, this.#client, grant !== undefined))
    else if (hint !== null && grant === undefined) this.flaws.push('end_session: id_token_hint')
    if (grant !== undefined && backchannelLogoutUri !== undefined) await this.#sendLogout(backchannelLogoutUri, grant)
    const response = applied(this.#faults.endSession, new URLSearchParams({ state: parameters.get('state') ?? '' }))
    const landing = target === null ? undefined : redirect(target, response)
    if (grant === undefined || frontchannelLogoutUri === undefined) return landing ?? status(200)
    return framePage(
      frameUrl(frontchannelLogoutUri, this.issuer, grant.sid),
      landing?.headers['Location'] ?? this.issuer,
    )
  }

  async #sendLogout(uri: string, grant: Grant): Promise<void> {
    this.logouts.push(await sendLogoutToken(uri, this.#tokens.logoutToken(grant, this.issuer)))
  }
}
