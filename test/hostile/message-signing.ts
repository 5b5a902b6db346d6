import { randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, importJWK, jwtVerify } from 'jose'
import { json } from '../kit/provider/answers.js'
import { proofOf } from '../kit/provider/proofs.js'
import { type SigningKey, signingKey } from '../kit/provider/keys.js'
import type { Seen } from '../kit/provider/provider.js'

/** One way to run the plan for message signing. */
export interface SigningVariant {
  readonly authentication: 'private_key_jwt' | 'mtls'
  readonly senderConstraint: 'dpop' | 'mtls'
  readonly response: 'plain_response' | 'jarm'
  /** Whether proofs need a nonce. @default true */
  readonly asksForNonce?: boolean
  /** The scheme of challenges, as it is spelled. @default 'DPoP' */
  readonly scheme?: string
}

/** What the client signs with, and binds its tokens to. */
export interface SigningClient extends SigningVariant {
  readonly clientId: string
  readonly issuer: string
}

/** The client's key, as both sides know it. */
export const clientKey: SigningKey = signingKey('ES256', { kid: 'client-key' })
export const dpopKey: SigningKey = signingKey('ES256')

/** The header by which the proxy that ends TLS in front of the provider names the client's certificate. */
export const certificateHeader = 'x-client-cert-thumbprint'
export const certificateThumbprint = 'thumbprint-of-the-client'

const nonce = 'nonce-of-the-provider'

/** What FAPI 2.0 Message Signing asks of a client, and what it is answered. */
export class MessageSigning {
  readonly flaws: string[] = []
  readonly #client: SigningClient
  readonly #pushed = new Map<string, URLSearchParams>()
  readonly #used = new Set<string>()

  constructor(client: SigningClient) {
    this.#client = client
  }

  /** Takes a pushed request (RFC 9126 section 2, with RFC 9101 section 4). */
  async push(request: Seen): Promise<Response> {
    await this.authenticate('par', request)
    const others = [...request.body.keys()].filter((name) => !/^client_|^request$/.test(name))
    this.#require(others.length === 0, `par: parameters beside the request: ${others.join(', ')}`)
    const { clientId, issuer } = this.#client
    const key = await importJWK({ ...clientKey.jwk, alg: 'ES256' })
    const options = { issuer: clientId, audience: issuer, typ: 'oauth-authz-req+jwt', maxTokenAge: 60 }
    const required = { requiredClaims: ['exp', 'nbf', 'iat', 'jti'], algorithms: ['ES256'] }
    const { payload } = await jwtVerify(request.body.get('request') ?? '', key, { ...options, ...required })
    this.#require(payload.aud === issuer, 'par: aud of the request is not the issuer alone')
    this.#require((payload.exp ?? Infinity) - (payload.nbf ?? 0) <= 3600, 'par: the request lives too long')
    this.#once(payload.jti)
    const texts = Object.entries(payload).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    const uri = `urn:ietf:params:oauth:request_uri:${randomUUID()}`
    this.#pushed.set(uri, new URLSearchParams(texts))
    return json({ request_uri: uri, expires_in: 60 }, 201, { 'cache-control': 'no-store' })
  }

  /** The pushed request that an authorization request names: it has nothing else (FAPI 2.0 section 5.3.2.2). */
  pushedRequest(query: URLSearchParams): URLSearchParams {
    this.#require([...query.keys()].sort().join() === 'client_id,request_uri', 'authorize: other parameters')
    const uri = query.get('request_uri') ?? ''
    const pushed = this.#pushed.get(uri)
    this.#pushed.delete(uri)
    if (pushed === undefined) throw new Error('the request_uri is unknown or used')
    return pushed
  }

  /** Requires what proves who the client is. */
  async authenticate(endpoint: string, { body, headers }: Seen): Promise<void> {
    const { authentication, clientId, issuer } = this.#client
    this.#require(!headers.has('authorization') && !body.has('client_secret'), `${endpoint}: a secret`)
    if (authentication === 'mtls') {
      this.#require(body.get('client_id') === clientId && !body.has('client_assertion'), `${endpoint}: client_id`)
      return this.#requireCertificate(endpoint, headers)
    }
    const key = await importJWK({ ...clientKey.jwk, alg: 'ES256' })
    const options = { issuer: clientId, subject: clientId, audience: issuer, algorithms: ['ES256'] }
    const { payload } = await jwtVerify(body.get('client_assertion') ?? '', key, options)
    this.#require(payload.aud === issuer, `${endpoint}: aud of the assertion is not the issuer as a text`)
    this.#once(payload.jti)
  }

  /** Requires what tokens are bound to. @returns an answer that asks for a proof with a nonce */
  async bind(endpoint: 'token' | 'userinfo', { headers }: Seen): Promise<Response | undefined> {
    const { senderConstraint, asksForNonce = true, scheme = 'DPoP' } = this.#client
    if (senderConstraint === 'mtls') return void this.#requireCertificate(endpoint, headers)
    const { payload, jkt } = await proofOf(headers)
    this.#once(payload.jti)
    this.#require(jkt === (await calculateJwkThumbprint({ ...dpopKey.jwk })), `${endpoint}: another key`)
    this.#require(endpoint === 'token' || typeof payload['ath'] === 'string', `${endpoint}: ath`)
    if (!asksForNonce || payload['nonce'] === nonce) return undefined
    const more = { 'dpop-nonce': nonce, 'www-authenticate': `${scheme} error="use_dpop_nonce"` }
    return json({ error: 'use_dpop_nonce' }, endpoint === 'token' ? 400 : 401, more)
  }

  #requireCertificate(endpoint: string, headers: Headers): void {
    this.#require(headers.get(certificateHeader) === certificateThumbprint, `${endpoint}: certificate`)
  }

  #once(jti: string | undefined): void {
    this.#require(jti !== undefined && !this.#used.has(jti), 'a jti is missing or used')
    this.#used.add(jti ?? '')
  }

  #require(holds: boolean, flaw: string): void {
    if (!holds) this.flaws.push(flaw)
  }
}
