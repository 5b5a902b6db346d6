import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Answer } from './answers.js'
import { formPost, json, jwt, redirect, status, writeAnswer } from './answers.js'
import type { RegisteredClient } from './demands.js'
import {
  authorizationRequestFlaws,
  clientAuthenticationFlaws,
  codeExchangeFlaws,
  userinfoRequestFlaws,
} from './demands.js'
import type { Faults } from './faults.js'
import { hash, metadata, person } from './documents.js'
import type { JsonObject, KeySet, SigningAlgorithm } from './keys.js'
import { keySet } from './keys.js'
import type { Calls, Endpoint, RecordedRequest } from './records.js'
import { countCalls, recordRequest } from './records.js'
import { listen } from './listen.js'

/** What a provider is started with. */
export interface HostileProviderOptions {
  readonly client: RegisteredClient
  readonly faults: Faults
  readonly algorithm?: SigningAlgorithm
  /** Whether the authorization response carries `iss` (RFC 9207) and the metadata say so. */
  readonly sendsIssuer?: boolean
}

/** A provider on a port of its own, with keys of its own. */
export interface HostileProvider {
  readonly issuer: string
  readonly calls: () => Calls
  readonly requests: readonly RecordedRequest[]
  /** What requests of an honest relying party would not have done. */
  readonly flaws: readonly string[]
  readonly close: () => Promise<void>
}

interface Grant {
  readonly subject: string
  readonly authorized: URLSearchParams
}

/** Starts a provider that follows the specifications in everything but its faults. */
export async function startHostileProvider(options: HostileProviderOptions): Promise<HostileProvider> {
  const state = new ProviderState(options)
  const server = createServer((request, response) => {
    state.answer(request).then(
      (answer) => writeAnswer(response, answer),
      (error: unknown) => {
        state.flaws.push(`the provider could not read a request: ${String(error)}`)
        writeAnswer(response, status(500))
      },
    )
  })
  const { origin, close } = await listen(server)
  state.issuer = `${origin}/`
  return {
    issuer: state.issuer,
    calls: () => countCalls(state.requests),
    requests: state.requests,
    flaws: state.flaws,
    close,
  }
}

class ProviderState {
  issuer = ''
  readonly requests: RecordedRequest[] = []
  readonly flaws: string[] = []
  readonly #client: RegisteredClient
  readonly #faults: Faults
  readonly #algorithm: SigningAlgorithm
  readonly #sendsIssuer: boolean
  readonly #jwksPath = `/${randomUUID()}/jwks`
  readonly #codes = new Map<string, URLSearchParams>()
  readonly #accessTokens = new Map<string, Grant>()
  readonly #refreshTokens = new Map<string, Grant>()
  #keys: KeySet

  constructor({ client, faults, algorithm = 'RS256', sendsIssuer = false }: HostileProviderOptions) {
    this.#client = client
    this.#faults = faults
    this.#algorithm = algorithm
    this.#sendsIssuer = sendsIssuer
    this.#keys = this.#newKeys()
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    const endpoint = this.#endpoint(new URL(request.url ?? '/', this.issuer).pathname)
    const recorded = await recordRequest(request, endpoint)
    this.requests.push(recorded)
    return this.#answers[endpoint](recorded)
  }

  readonly #answers: Readonly<Record<Endpoint, (request: RecordedRequest) => Answer>> = {
    discovery: () => json(applied(this.#faults.discovery, metadata(this.issuer, this.#jwksPath, this.#sendsIssuer))),
    jwks: () => json({ keys: this.#keys.published }),
    authorize: (request) => this.#authorize(request),
    token: (request) => this.#token(request),
    userinfo: (request) => this.#userinfo(request),
    end_session: ({ query }) => this.#endSession(query),
    other: () => status(404),
  }

  #endpoint(path: string): Endpoint {
    if (path === this.#jwksPath) return 'jwks'
    const paths = new Map<string, Endpoint>([
      ['/.well-known/openid-configuration', 'discovery'],
      ['/authorize', 'authorize'],
      ['/token', 'token'],
      ['/userinfo', 'userinfo'],
      ['/end_session', 'end_session'],
    ])
    return paths.get(path) ?? 'other'
  }

  #newKeys(): KeySet {
    return keySet(this.#faults.keySet ?? 'decoys', this.#algorithm)
  }

  #authorize(request: RecordedRequest): Answer {
    this.flaws.push(...authorizationRequestFlaws(request, this.#client))
    if (this.#faults.rotates === 'at the second authorization request' && this.#count('authorize') === 2) {
      this.#keys = this.#newKeys()
    }
    const code = randomBytes(24).toString('base64url')
    this.#codes.set(code, request.query)
    const plain = new URLSearchParams({ code, state: request.query.get('state') ?? '' })
    if (this.#sendsIssuer) plain.set('iss', this.issuer)
    const response = applied(this.#faults.authorization, plain)
    const target = this.#client.redirectUri
    return request.query.get('response_mode') === 'form_post' ? formPost(target, response) : redirect(target, response)
  }

  #token(request: RecordedRequest): Answer {
    const flaws = clientAuthenticationFlaws(request, this.#client)
    const { body } = request
    const refreshing = body.get('grant_type') === 'refresh_token'
    const grant = refreshing ? this.#refreshed(body) : this.#authorized(body)
    if (!refreshing) flaws.push(...codeExchangeFlaws(request, this.#client, grant?.authorized))
    this.flaws.push(...flaws)
    return grant === undefined || flaws.length > 0 ? json({ error: 'invalid_grant' }, 400) : this.#tokens(grant)
  }

  #authorized(body: URLSearchParams): Grant | undefined {
    const code = body.get('code') ?? ''
    const authorized = this.#codes.get(code)
    this.#codes.delete(code)
    return authorized && { subject: person.sub, authorized }
  }

  #refreshed(body: URLSearchParams): Grant | undefined {
    const token = body.get('refresh_token') ?? ''
    const grant = this.#refreshTokens.get(token)
    this.#refreshTokens.delete(token)
    if (grant === undefined) this.flaws.push('token: refresh_token unknown or used')
    return grant
  }

  #tokens(grant: Grant): Answer {
    const accessToken = randomBytes(24).toString('base64url')
    const refreshToken = randomBytes(24).toString('base64url')
    this.#accessTokens.set(accessToken, grant)
    this.#refreshTokens.set(refreshToken, grant)
    return json(
      applied(this.#faults.token, {
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: 3600,
        refresh_token: refreshToken,
        scope: grant.authorized.get('scope'),
        id_token: this.#idToken(grant, accessToken),
      }),
    )
  }

  #idToken(grant: Grant, accessToken: string): string {
    if (this.#faults.rotates === 'before signing') this.#keys = this.#newKeys()
    const now = Math.floor(Date.now() / 1000)
    const claims = applied(this.#faults.claims, {
      iss: this.issuer,
      sub: grant.subject,
      aud: this.#client.clientId,
      iat: now,
      exp: now + 300,
      nonce: grant.authorized.get('nonce'),
      at_hash: hash(accessToken),
    })
    return this.#sign(claims)
  }

  #sign(claims: JsonObject): string {
    const keys = this.#keys
    const header = applied(this.#faults.header, { alg: this.#algorithm, ...(keys.kid ? { kid: keys.kid } : {}) })
    const { sign } = this.#faults
    return sign ? sign({ header, claims, keys, clientSecret: this.#client.clientSecret }) : keys.sign(header, claims)
  }

  #userinfo(request: RecordedRequest): Answer {
    this.flaws.push(...userinfoRequestFlaws(request))
    const token = /^Bearer ([\w-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const grant = this.#accessTokens.get(token ?? '')
    if (grant === undefined) {
      this.flaws.push('userinfo: access token')
      return status(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
    }
    const claims = applied(this.#faults.userinfo, { ...person, sub: grant.subject })
    if (!this.#faults.userinfoSigned) return json(claims)
    const header = { alg: this.#faults.userinfoSigned, kid: this.#keys.kid }
    return jwt(this.#keys.sign(header, { ...claims, iss: this.issuer, aud: this.#client.clientId }))
  }

  #endSession(query: URLSearchParams): Answer {
    const target = query.get('post_logout_redirect_uri')
    if (target === null) return status(200)
    if (target !== this.#client.postLogoutRedirectUri) this.flaws.push('end_session: post_logout_redirect_uri')
    const returned = query.get('state')
    return redirect(target, new URLSearchParams(returned === null ? {} : { state: returned }))
  }

  #count(endpoint: Endpoint): number {
    return this.requests.filter((request) => request.endpoint === endpoint).length
  }
}

function applied<Value>(fault: ((value: Value) => Value) | undefined, value: Value): Value {
  return fault === undefined ? value : fault(value)
}
