import type { webcrypto } from 'node:crypto'
import * as v from 'valibot'
import { section } from './parse.js'

/** Algorithms that proofs of this client may be signed with. */
export const dpopAlgorithms = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'] as const

/** The key that tokens of this application are bound to (RFC 9449): one for all of its processes. */
export interface DpopKeyOptions {
  /** PKCS#8 PEM or private JWK: P-256, Ed25519, or RSA of at least 2048 bits. */
  privateKey: string | webcrypto.JsonWebKey
  /** @default `alg` of the JWK, or by the key: ES256, EdDSA or RS256 */
  alg?: (typeof dpopAlgorithms)[number] | undefined
}

const what = 'must be a private key: PKCS#8 PEM or JWK'
const privateJwk = v.pipe(
  v.record(v.string(), v.any()),
  v.check((key) => typeof key['kty'] === 'string' && typeof key['d'] === 'string', what),
  // A copy, so that freezing the configuration freezes nothing of the caller's.
  v.transform((key): webcrypto.JsonWebKey => structuredClone(key)),
)

/** The member `dpop` of a client's options. */
export const dpopKey = v.pipe(
  section({
    privateKey: v.pipe(
      v.union([v.pipe(v.string(), v.includes('PRIVATE KEY', what)), privateJwk], what),
      v.description('a private key: PKCS#8 PEM or JWK'),
    ),
    alg: v.optional(v.picklist(dpopAlgorithms, `must be one of ${dpopAlgorithms.join(', ')}`)),
  }),
  v.description('{ privateKey, alg }'),
)
