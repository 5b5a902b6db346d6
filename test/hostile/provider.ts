import { randomUUID } from 'node:crypto'
import { Clock } from '../kit/clock.js'
import { json } from '../kit/provider/answers.js'
import { type Answer, type Seen, FakeProvider } from '../kit/provider/provider.js'
import { serve } from '../kit/provider/serve.js'
import { formPost, jwt, redirect, redirectUrl } from './answers.js'
import { type Calls, countCalls } from './calls.js'
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
import { MessageSigning, type SigningVariant } from './message-signing.js'
import { type LogoutAnswer, framePage, frameUrl, sendLogoutToken } from './logouts.js'
import { type Grant, TokenIssuer } from './tokens.js'

/** What a provider is started with. */
export interface HostileProviderOptions {
  readonly client: RegisteredClient
  readonly faults: Faults
  /** Signs ID Tokens. @default 'RS256' */
  readonly algorithm?: SigningAlgorithm
  /** Has the client sign its messages. */
  readonly signing?: SigningVariant
  /** Whether the authorization response carries `iss` (RFC 9207) and the metadata say so. @default false */
  readonly sendsIssuer?: boolean
}

/** A provider on a port of its own, with keys of its own. */
export interface HostileProvider {
  readonly issuer: string
  readonly calls: () => Calls
  readonly requests: readonly Seen[]
  /** What requests of an honest relying party would not have done. */
  readonly flaws: readonly string[]
  /** What the application answered to logout tokens. */
  readonly logouts: readonly LogoutAnswer[]
  readonly close: () => Promise<void>
}

const noStore = { 'cache-control': 'no-store' }

/** Starts the kit's provider with the endpoints of a login, which follow the specifications in everything but the faults. */
export async function startHostileProvider(options: HostileProviderOptions): Promise<HostileProvider> {
  const { provider, close } = await serve((origin) => new FaultyProvider(`${origin}/`, options))
  const { issuer, seen: requests, logouts } = provider
  return { issuer, calls: () => countCalls(requests), requests, flaws: provider.flaws, logouts, close }
}

class FaultyProvider extends FakeProvider {
  readonly flaws: string[]
  readonly logouts: LogoutAnswer[] = []
  readonly #registered: RegisteredClient
  readonly #faults: Faults
  readonly #sendsIssuer: boolean
  readonly #tokens: TokenIssuer
  readonly #variant: SigningVariant | undefined
  readonly #signing: MessageSigning | undefined

  constructor(issuer: string, options: HostileProviderOptions) {
    const { client, faults, algorithm = 'RS256', sendsIssuer = false, signing } = options
    super({ issuer, clock: Clock.real(), keys: [] })
    this.#registered = client
    this.#faults = faults
    this.#sendsIssuer = sendsIssuer
    this.#variant = signing
    this.#signing =
      signing === undefined ? undefined : new MessageSigning({ ...signing, issuer, clientId: client.clientId })
    const tokenType = signing?.senderConstraint === 'dpop' ? 'DPoP' : 'Bearer'
    this.flaws = this.#signing?.flaws ?? []
    this.#tokens = new TokenIssuer({ issuer, clock: this.clock, client, faults, algorithm, tokenType })
    const jwksPath = `/${randomUUID()}/jwks`
    this.metadata = {
      ...applied(faults.discovery, {
        ...metadata(issuer, jwksPath, sendsIssuer),
        ...(signing === undefined ? {} : signingMetadata(issuer)),
      }),
    }
    const messages = this.#signing
    const answers: Readonly<Record<string, Answer>> = {
      [jwksPath]: () => json({ keys: this.#tokens.keys.published }),
      '/authorize': (request) => this.#authorize(request),
      '/token': (request) => this.#token(request),
      ...(messages === undefined ? {} : { '/par': (request: Seen) => messages.push(request) }),
      '/userinfo': (request) => this.#userinfo(request),
      '/end_session': (request) => this.#endSession(request),
    }
    // The usual place of the key set is one that the metadata do not name.
    delete this.answers['/jwks']
    Object.assign(this.answers, answers)
  }

  #authorize(request: Seen): Response {
    const { searchParams } = request.url
    const query = this.#signing?.pushedRequest(searchParams) ?? searchParams
    this.flaws.push(...authorizationRequestFlaws(query, this.#registered))
    const second = this.count('/authorize') === 2
    if (second && this.#faults.rotates === 'at the second authorization request') this.#tokens.replaceKeys()
    const plain = new URLSearchParams({ code: this.#tokens.code(query), state: query.get('state') ?? '' })
    if (this.#sendsIssuer) plain.set('iss', this.issuer)
    const answered = applied(this.#faults.authorization, plain)
    const response = this.#variant?.response === 'jarm' ? this.#jarm(answered) : answered
    const { redirectUri } = this.#registered
    const isPosted = query.get('response_mode') === 'form_post'
    return isPosted ? formPost(redirectUri, response) : redirect(redirectUrl(redirectUri, response))
  }

  #jarm(parameters: URLSearchParams): URLSearchParams {
    return new URLSearchParams({ response: this.#tokens.authorizationResponse(parameters) })
  }

  async #token(request: Seen): Promise<Response> {
    await this.#signing?.authenticate('token', request)
    const asked = await this.#signing?.bind('token', request)
    if (asked !== undefined) return asked
    const redeemed = this.#tokens.grants.redeem(request.body)
    const flaws = this.#signing === undefined ? clientAuthenticationFlaws(request, this.#registered) : []
    if (redeemed === undefined) flaws.push('token: code or refresh token is unknown or used')
    else {
      const { authorized } = redeemed.login
      const ofGrant = redeemed.isRefresh
        ? refreshFlaws(request, authorized)
        : codeExchangeFlaws(request, this.#registered, authorized)
      flaws.push(...ofGrant)
    }
    this.flaws.push(...flaws)
    if (redeemed === undefined || flaws.length > 0) return json({ error: 'invalid_grant' }, 400, noStore)
    return json(this.#tokens.response(redeemed), 200, noStore)
  }

  async #userinfo(request: Seen): Promise<Response> {
    const asked = await this.#signing?.bind('userinfo', request)
    if (asked !== undefined) return asked
    this.flaws.push(...userinfoRequestFlaws(request))
    const token = /^(?:Bearer|DPoP) ([\w-]+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
    const grant = this.#tokens.grants.loginOf(token ?? '')
    if (grant === undefined) {
      this.flaws.push('userinfo: access token')
      return new Response('', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } })
    }
    const claims = applied(this.#faults.userinfo, { ...person, sub: grant.subject })
    if (!this.#faults.userinfoSigned) return json(claims, 200, noStore)
    const { keys } = this.#tokens
    const header = { alg: this.#faults.userinfoSigned, kid: keys.kid }
    return jwt(keys.sign(header, { ...claims, iss: this.issuer, aud: this.#registered.clientId }))
  }

  // The application hears of the logout while its own request for it is still under way.
  async #endSession(request: Seen): Promise<Response> {
    const { backchannelLogoutUri, frontchannelLogoutUri } = this.#registered
    const parameters = request.method === 'POST' ? request.body : request.url.searchParams
    const hint = parameters.get('id_token_hint')
    const grant = this.#tokens.grantOfIdToken(hint ?? '')
    const target = parameters.get('post_logout_redirect_uri')
    // What has no target is the person's own visit to the provider.
    if (target !== null) this.flaws.push(...endSessionFlaws(parameters, this.#registered, grant !== undefined))
    else if (hint !== null && grant === undefined) this.flaws.push('end_session: id_token_hint')
    if (grant !== undefined && backchannelLogoutUri !== undefined) await this.#sendLogout(backchannelLogoutUri, grant)
    const response = applied(this.#faults.endSession, new URLSearchParams({ state: parameters.get('state') ?? '' }))
    const landing = target === null ? undefined : redirectUrl(target, response)
    const { issuer } = this
    if (grant !== undefined && frontchannelLogoutUri !== undefined) {
      return framePage(frameUrl(frontchannelLogoutUri, issuer, grant.sid), landing ?? issuer)
    }
    return landing === undefined ? new Response('') : redirect(landing)
  }

  async #sendLogout(uri: string, grant: Grant): Promise<void> {
    this.logouts.push(await sendLogoutToken(uri, this.#tokens.logoutToken(grant)))
  }
}

function signingMetadata(issuer: string) {
  return {
    pushed_authorization_request_endpoint: `${issuer}par`,
    require_pushed_authorization_requests: true,
    require_signed_request_object: true,
    request_object_signing_alg_values_supported: ['PS256', 'ES256', 'EdDSA'],
    response_modes_supported: ['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'tls_client_auth'],
    dpop_signing_alg_values_supported: ['PS256', 'ES256', 'EdDSA'],
    tls_client_certificate_bound_access_tokens: true,
  }
}
