import { randomUUID } from 'node:crypto'
import type { Clock } from '../clock.js'
import { type SigningKey, mint, publicJwk, rsaKey } from '../provider/keys.js'
import { json } from '../provider/answers.js'

/** A request as the transmitter saw it. */
export interface TransmitterCall {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

const caep = 'https://schemas.openid.net/secevent/caep/event-type/'
const risc = 'https://schemas.openid.net/secevent/risc/event-type/'

/** URIs of events, by the end of their name. */
export const eventType = (name: string): string => (/^(?:account|sessions|identifier)-/.test(name) ? risc : caep) + name

/** The event that verifies a stream. */
export const verification = 'https://schemas.openid.net/secevent/ssf/event-type/verification'
/** The event that tells of a new status of a stream. */
export const streamUpdated = 'https://schemas.openid.net/secevent/ssf/event-type/stream-updated'

/** A person at a provider, as a subject. */
export const issSub = (iss: string, sub = 'alice') => ({ format: 'iss_sub', iss, sub })

/** Changes to a token; `undefined` removes a claim. */
export interface TokenChanges {
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly key?: SigningKey
}

/** Answers a call in place of the transmitter, unless it returns nothing. */
export type Interception = (call: TransmitterCall) => Response | Promise<Response> | undefined

/** A transmitter without sockets: whatever it says can be replaced at any time. */
export class TestTransmitter {
  readonly issuer: string
  readonly clock: Clock
  readonly audience = 'web'
  keys: readonly SigningKey[] = [rsaKey]
  configuration: Record<string, unknown>
  intercept: Interception = () => undefined
  readonly calls: TransmitterCall[] = []

  constructor(clock: Clock, issuer = 'https://id.example') {
    this.issuer = issuer
    this.clock = clock
    const api = `${issuer}/ssf`
    this.configuration = {
      spec_version: '1_0',
      issuer,
      jwks_uri: `${api}/jwks`,
      delivery_methods_supported: ['urn:ietf:rfc:8935', 'urn:ietf:rfc:8936'],
      configuration_endpoint: `${api}/stream`,
      status_endpoint: `${api}/status`,
      add_subject_endpoint: `${api}/subjects:add`,
      remove_subject_endpoint: `${api}/subjects:remove`,
      verification_endpoint: `${api}/verify`,
    }
  }

  /** Reaches it, and nothing else. */
  readonly fetch: typeof fetch = async (input, init = {}) => {
    const url = new URL(String(input))
    const text = typeof init.body === 'string' ? init.body : ''
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    const call = { method: init.method ?? 'GET', url, headers: new Headers(init.headers), body }
    this.calls.push(call)
    return (await this.intercept(call)) ?? this.#answer(url)
  }

  #answer({ pathname }: URL): Response {
    if (pathname.startsWith('/.well-known/ssf-configuration')) return json(this.configuration)
    if (pathname.endsWith('/ssf/jwks')) return json({ keys: this.keys.map(publicJwk) })
    return new Response('', { status: 404 })
  }

  /** The paths that were called, in order. */
  get paths(): readonly string[] {
    return this.calls.map(({ url }) => url.pathname)
  }

  /** Signs a token with events, by type. */
  mint(events: unknown, subject?: unknown, { claims = {}, header = {}, key }: TokenChanges = {}): Promise<string> {
    const signer = key ?? this.keys[0] ?? rsaKey
    const all = {
      iss: this.issuer,
      aud: this.audience,
      iat: Math.floor(this.clock.seconds),
      jti: randomUUID(),
      ...(subject === undefined ? {} : { sub_id: subject }),
      events,
      ...claims,
    }
    return mint(all, signer.privateKey, { alg: signer.alg, kid: signer.kid, typ: 'secevent+jwt', ...header })
  }

  /** Signs a `session-revoked` of a person. */
  revocation(sub = 'alice', changes: TokenChanges = {}): Promise<string> {
    return this.mint({ [eventType('session-revoked')]: {} }, issSub(this.issuer, sub), changes)
  }
}
