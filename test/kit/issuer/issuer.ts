import { type JsonWebKey, type KeyObject, createHash, generateKeyPairSync } from 'node:crypto'
import { CompactSign } from 'jose'
import type { ClientSettings, ProviderSettings } from '../../../lib/provider/types.js'
import { Clock } from '../clock.js'

/** A signing key, and its public half as published. */
export interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly jwk: JsonWebKey
}

/** Makes a key pair; `members` go into the JWK. */
export function signingKey(alg: string, members: Record<string, unknown> = {}): SigningKey {
  const { privateKey, publicKey } = generate(alg)
  return { privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), ...members } }
}

function generate(alg: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg.startsWith('ES')) {
    return generateKeyPairSync('ec', {
      namedCurve: { ES256: 'P-256', ES384: 'P-384', ES256K: 'secp256k1' }[alg] ?? 'P-521',
    })
  }
  if (alg === 'Ed448') return generateKeyPairSync('ed448')
  if (alg.startsWith('Ed')) return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

/** Keys for the whole run: making them is slow. */
export const rsaKey = signingKey('RS256', { kid: 'rsa-1' })
export const otherRsaKey = signingKey('RS256', { kid: 'rsa-2' })
export const ecKey = signingKey('ES256', { kid: 'ec-1' })

/** Signs with jose, whatever the claims are. */
export async function mint(
  claims: unknown,
  key: KeyObject | Uint8Array = rsaKey.privateKey,
  header: Record<string, unknown> = { alg: 'RS256', kid: 'rsa-1' },
): Promise<string> {
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims)
  return new CompactSign(new TextEncoder().encode(payload)).setProtectedHeader({ alg: 'RS256', ...header }).sign(key)
}

/** A request as the provider saw it. */
export interface Seen {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: URLSearchParams
}

/** How an endpoint answers. */
export type Answer = Response | ((request: Seen) => Response | Promise<Response>)

/** A provider without sockets: what it answers can be changed at any time. */
export interface FakeIssuer {
  readonly issuer: string
  readonly clock: Clock
  readonly seen: Seen[]
  readonly metadata: Record<string, unknown>
  readonly answers: Record<string, Answer>
  readonly fetch: typeof fetch
  readonly settings: ProviderSettings
  readonly client: ClientSettings
  count(path: string): number
  jwks(...keys: readonly unknown[]): void
  claims(changes?: Record<string, unknown>): Record<string, unknown>
}

export const json = (value: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(typeof value === 'string' ? value : JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })

/** Makes one. Its answers are looked up by path; a missing one is 404. */
export function createIssuer(issuer = 'https://issuer.example'): FakeIssuer {
  const base = issuer.replace(/\/$/, '')
  const clock = new Clock()
  const seen: Seen[] = []
  const metadata: Record<string, unknown> = {
    issuer,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/jwks`,
    userinfo_endpoint: `${base}/userinfo`,
    end_session_endpoint: `${base}/logout`,
    code_challenge_methods_supported: ['S256'],
    pushed_authorization_request_endpoint: `${base}/par`,
  }
  const answers: Record<string, Answer> = {
    '/.well-known/openid-configuration': () => json(metadata),
    '/jwks': () => json({ keys: [rsaKey.jwk] }),
  }
  const fakeFetch = async (input: unknown, init: RequestInit = {}) => {
    const url = new URL(String(input))
    const body = new URLSearchParams(typeof init.body === 'string' ? init.body : ((init.body as URLSearchParams) ?? ''))
    const request = { url, method: init.method ?? 'GET', headers: new Headers(init.headers), body }
    seen.push(request)
    const answer = answers[url.pathname] ?? new Response('', { status: 404 })
    return typeof answer === 'function' ? answer(request) : answer.clone()
  }
  return {
    issuer,
    clock,
    seen,
    metadata,
    answers,
    fetch: fakeFetch,
    settings: {
      issuer,
      runtime: clock,
      fetch: fakeFetch,
      httpTimeoutSeconds: 5,
      dangerouslyAllowHttp: false,
      clockToleranceSeconds: 30,
      metadataMaxAgeSeconds: 1800,
      keysMaxAgeSeconds: 600,
      keysStaleSeconds: 86_400,
    },
    client: { clientId: 'client-1', clientSecret: 'secret-1', idTokenSigningAlg: 'RS256' },
    count: (path) => seen.filter(({ url }) => url.pathname === path).length,
    jwks: (...keys) => (answers['/jwks'] = () => json({ keys })),
    claims(changes = {}) {
      const now = Math.floor(clock.now() / 1000)
      return { iss: issuer, sub: 'user-1', aud: 'client-1', iat: now, exp: now + 300, nonce: 'nonce-1', ...changes }
    },
  }
}

/** at_hash or c_hash for SHA-256. */
export function halfHash(value: string, hash = 'sha256'): string {
  const bytes = createHash(hash).update(value).digest()
  return bytes.subarray(0, bytes.length / 2).toString('base64url')
}

/** The error that a promise or a function ends with: tests look into it freely. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<any> {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    return error
  }
  throw new Error('expected a failure')
}
