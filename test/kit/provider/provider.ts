import { randomUUID } from 'node:crypto'
import type { ClientSettings, ProviderSettings } from '../../../lib/provider/types.js'
import { Clock } from '../clock.js'
import { json } from './answers.js'
import { type SigningKey, publicJwk, rsaKey, signingKey, signJws } from './keys.js'

/** A request as the provider saw it. */
export interface Seen {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: URLSearchParams
}

/** How an endpoint answers. */
export type Answer = Response | ((request: Seen) => Response | Promise<Response>)

/** What a provider is made of. */
export interface FakeProviderOptions {
  readonly issuer?: string
  readonly clock?: Clock
  /** What it publishes; the first one signs access tokens. */
  readonly keys?: readonly SigningKey[]
}

/** The audience of {@link FakeProvider.accessToken}. */
export const audience = 'https://api.example.com'

/** A provider without sockets, with keys and a clock of its own: whatever it says can be replaced at any time. */
export class FakeProvider {
  readonly issuer: string
  readonly clock: Clock
  keys: readonly SigningKey[]
  metadata: Record<string, unknown>
  /** By the path of the request. A path that is not here is answered with 404. */
  readonly answers: Record<string, Answer>
  /** Answers in place of all endpoints, unless it returns nothing. */
  intercept: ((url: string, request: Seen) => Response | Promise<Response> | undefined) | undefined
  /** Every request, in order. */
  readonly seen: Seen[] = []
  /** How the library is set up for it. */
  readonly settings: ProviderSettings
  /** The client that its ID Tokens are for. */
  readonly client: ClientSettings = { clientId: 'client-1', clientSecret: 'secret-1', idTokenSigningAlg: 'RS256' }

  constructor({ issuer = 'https://issuer.example', clock = new Clock(), keys = [rsaKey] }: FakeProviderOptions = {}) {
    this.issuer = issuer
    this.clock = clock
    this.keys = keys
    const base = issuer.replace(/\/$/, '')
    const { pathname } = new URL(`${base}/`)
    this.answers = {
      [`${pathname}.well-known/openid-configuration`]: () => json(this.metadata),
      [`${pathname}jwks`]: () => json({ keys: this.keys.map(({ jwk }) => jwk) }),
    }
    this.metadata = {
      issuer,
      authorization_endpoint: `${base}/authorize`,
      token_endpoint: `${base}/token`,
      jwks_uri: `${base}/jwks`,
      userinfo_endpoint: `${base}/userinfo`,
      end_session_endpoint: `${base}/logout`,
      code_challenge_methods_supported: ['S256'],
      pushed_authorization_request_endpoint: `${base}/par`,
    }
    this.settings = {
      issuer,
      runtime: clock,
      fetch: this.fetch,
      httpTimeoutSeconds: 5,
      dangerouslyAllowHttp: false,
      clockToleranceSeconds: 30,
      metadataMaxAgeSeconds: 1800,
      keysMaxAgeSeconds: 600,
      keysStaleSeconds: 86_400,
    }
  }

  /** Reaches it, and nothing else. */
  readonly fetch: typeof fetch = async (input, init = {}) => {
    const body = new URLSearchParams(init.body instanceof URLSearchParams ? init.body : String(init.body ?? ''))
    const request = {
      url: new URL(String(input)),
      method: init.method ?? 'GET',
      headers: new Headers(init.headers),
      body,
    }
    this.seen.push(request)
    const other = await this.intercept?.(request.url.href, request)
    if (other !== undefined) return other
    const answer = this.answers[request.url.pathname] ?? new Response('', { status: 404 })
    return typeof answer === 'function' ? answer(request) : answer.clone()
  }

  /** The URLs that were fetched, in order. */
  get requests(): readonly string[] {
    return this.seen.map(({ url }) => url.href)
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.seen.filter(({ url }) => url.pathname === path).length
  }

  /** Publishes these, whatever they are. */
  jwks(...keys: readonly unknown[]): void {
    this.answers[new URL(String(this.metadata['jwks_uri'])).pathname] = () => json({ keys })
  }

  /** From now on it signs with a new key, and publishes no other. */
  rotateKeys(): void {
    this.keys = [signingKey(this.keys[0]?.alg)]
  }

  /** Has an endpoint fail, until the returned function is called. */
  fail(path: string, status: number): () => void {
    const { [path]: before } = this.answers
    this.answers[path] = () => new Response('', { status })
    return () => {
      if (before === undefined) delete this.answers[path]
      else this.answers[path] = before
    }
  }

  /** Claims of a good ID Token. */
  claims(changes: Record<string, unknown> = {}): Record<string, unknown> {
    const now = Math.floor(this.clock.seconds)
    const usual = { sub: 'user-1', aud: 'client-1', iat: now, exp: now + 300, nonce: 'nonce-1' }
    return { iss: this.issuer, ...usual, ...changes }
  }

  /** Claims of a good access token (RFC 9068); a member that is `undefined` is left out. */
  accessTokenClaims(changes: Record<string, unknown> = {}): Record<string, unknown> {
    const { seconds: now } = this.clock
    const usual = { sub: 'alice', aud: audience, exp: now + 300, iat: now, jti: randomUUID() }
    return defined({ iss: this.issuer, ...usual, client_id: 'web', scope: 'orders:read', ...changes })
  }

  /** A signed access token. */
  accessToken(
    changes: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key: Omit<SigningKey, 'jwk'> | undefined = this.keys[0],
  ): string {
    if (key === undefined) throw new Error('the provider has no key')
    const members = defined({ alg: key.alg, typ: 'at+jwt', kid: key.kid, ...header })
    return signJws(members, this.accessTokenClaims(changes), key)
  }
}

/** A provider for APIs: it has nothing but keys, each published with its algorithm, and signs by ES256. */
export function apiProvider({ keys = [signingKey()], ...options }: FakeProviderOptions = {}): FakeProvider {
  const provider = new FakeProvider({ issuer: 'https://issuer.example.com', keys, ...options })
  const { issuer, jwks_uri } = provider.metadata
  provider.metadata = { issuer, jwks_uri }
  provider.answers[new URL(String(jwks_uri)).pathname] = () => json({ keys: provider.keys.map(publicJwk) })
  return provider
}

function defined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
