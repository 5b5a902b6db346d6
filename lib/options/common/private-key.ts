import type { webcrypto } from 'node:crypto'
import * as v from 'valibot'
import { section } from './parse.js'

/** Algorithms with which proofs of this client may be signed. */
export const dpopAlgorithms = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'] as const

/**
 * The key that tokens are bound to: one for all processes of an application.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-5
 */
export interface DpopKeyOptions {
  /** Private key as PKCS#8 PEM or JWK: P-256, Ed25519, or RSA of at least 2048 bits. */
  privateKey: string | webcrypto.JsonWebKey
  /** Signature algorithm of proofs. @default `alg` of the JWK, or by the type of the key: ES256, EdDSA or RS256 */
  alg?: (typeof dpopAlgorithms)[number] | undefined
}

/** A JWK. It is copied: freezing the configuration must not freeze the caller's object. */
export const jwk = v.pipe(
  v.record(v.string(), v.any()),
  v.check((key) => typeof key['kty'] === 'string', 'must be a JWK'),
  v.transform((key): webcrypto.JsonWebKey => structuredClone(key)),
)

const what = 'must be a private key: PKCS#8 PEM or JWK'
const privateJwk = v.pipe(
  jwk,
  v.check((key) => typeof key.d === 'string', what),
)

/** A key that responses are encrypted for: PKCS#8 PEM, private JWK, or secret as `oct` JWK. */
export type DecryptionKeyOption = string | (webcrypto.JsonWebKey & { kid?: string | undefined })

const whatDecrypts = 'must be a private key or secret: PKCS#8 PEM or JWK'
const decryptionJwk = v.pipe(
  v.record(v.string(), v.any()),
  v.check((key) => typeof key['kty'] === 'string', whatDecrypts),
  v.transform((key): Exclude<DecryptionKeyOption, string> => structuredClone(key)),
)

/** The option `decryptionKeys`. What is wrong with a key is found out where it is imported. */
export const decryptionKeys = v.optional(
  v.pipe(
    v.array(
      v.union([v.pipe(v.string(), v.includes('-----BEGIN', whatDecrypts)), decryptionJwk], whatDecrypts),
      'must be a list of private keys',
    ),
    v.minLength(1, 'must name a key'),
    v.maxLength(8, 'must name eight keys at most: each may be tried for a token'),
  ),
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

/** A key or certificate as PEM, with line breaks for the two characters \ and n, which environment variables often hold instead. */
export function pemLines(pem: string): string {
  return pem.replaceAll('\\n', '\n')
}
