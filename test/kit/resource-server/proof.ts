import { type JsonWebKey, createHash, randomUUID } from 'node:crypto'
import { type SigningKey, signJws, signingKey } from '../provider/keys.js'
import type { FakeProvider } from '../provider/provider.js'

/** The URL that proofs are made for. */
export const apiUrl = 'https://api.example.com/orders'

/** A client that holds a key, and tokens bound to it. */
export interface ProofClient {
  readonly key: SigningKey
  readonly jwk: JsonWebKey
  /** Thumbprint (RFC 7638). */
  readonly jkt: string
  /** A bound access token. */
  token(overrides?: Record<string, unknown>): string
  /** A proof; members that are `undefined` are left out. */
  proof(token: string, overrides?: ProofOverrides): string
}

/** How a proof differs from a good one. */
export interface ProofOverrides {
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly key?: SigningKey
}

/** Makes a client. */
export function proofClient(issuer: FakeProvider, alg = 'ES256'): ProofClient {
  const key = signingKey(alg)
  const jwk = key.publicKey.export({ format: 'jwk' })
  const required = Object.fromEntries(Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1)))
  const jkt = sha256(JSON.stringify(required))
  return {
    key,
    jwk,
    jkt,
    token: (overrides = {}) => issuer.accessToken({ cnf: { jkt }, ...overrides }),
    proof: (token, { claims = {}, header = {}, key: signer = key } = {}) =>
      signJws(
        { alg, typ: 'dpop+jwt', jwk, ...header },
        { jti: randomUUID(), htm: 'GET', htu: apiUrl, iat: issuer.clock.seconds, ath: sha256(token), ...claims },
        signer,
      ),
  }
}

/** SHA-256 in base64url. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
