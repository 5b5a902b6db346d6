import {
  type KeyObject,
  type SigningOptions,
  constants,
  createHash,
  createHmac,
  createSecretKey,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import { ConfigurationError } from '../errors.js'

/** What one JWS algorithm (RFC 7518 section 3, RFC 8037, RFC 9864) requires of a key and a signature. */
export interface AlgorithmRule {
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'oct'
  /** Allowed curves; empty for RSA and secrets. */
  readonly curves: readonly string[]
  /** For `crypto.sign` and `crypto.verify`; `null` if hashing is part of the algorithm. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null
  readonly options: SigningOptions
  /** Exact length of a signature in bytes, if the algorithm fixes it. */
  readonly signatureLength?: number
}

const rsa = (digest: 'sha256' | 'sha384' | 'sha512'): AlgorithmRule => ({
  kty: 'RSA',
  curves: [],
  digest,
  options: {}, // node:crypto defaults to PKCS #1 v1.5
})

const pss = (digest: 'sha256' | 'sha384' | 'sha512'): AlgorithmRule => ({
  kty: 'RSA',
  curves: [],
  digest,
  options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
})

const ec = (digest: 'sha256' | 'sha384' | 'sha512', curve: string, signatureLength: number): AlgorithmRule => ({
  kty: 'EC',
  curves: [curve],
  digest,
  options: { dsaEncoding: 'ieee-p1363' },
  signatureLength,
})

const ed = (...curves: string[]): AlgorithmRule => ({ kty: 'OKP', curves, digest: null, options: {} })

// A secret must have at least as many bytes as a signature (RFC 7518 section 3.2).
const hmac = (digest: 'sha256' | 'sha384' | 'sha512', signatureLength: number): AlgorithmRule => ({
  kty: 'oct',
  curves: [],
  digest,
  options: {},
  signatureLength,
})

/** The supported algorithms by name. `none` is not among them, and nothing can add it. */
export const algorithms: ReadonlyMap<string, AlgorithmRule> = new Map([
  ['RS256', rsa('sha256')],
  ['RS384', rsa('sha384')],
  ['RS512', rsa('sha512')],
  ['PS256', pss('sha256')],
  ['PS384', pss('sha384')],
  ['PS512', pss('sha512')],
  ['ES256', ec('sha256', 'P-256', 64)],
  ['ES384', ec('sha384', 'P-384', 96)],
  ['ES512', ec('sha512', 'P-521', 132)],
  ['EdDSA', ed('Ed25519', 'Ed448')],
  ['Ed25519', ed('Ed25519')],
  ['Ed448', ed('Ed448')],
  ['HS256', hmac('sha256', 32)],
  ['HS384', hmac('sha384', 48)],
  ['HS512', hmac('sha512', 64)],
])

/** A key, prepared for one algorithm. The token chooses neither of them. */
export interface VerificationKey {
  readonly alg: string
  readonly kid?: string
  /** The issuer that the key belongs to, if its JWK says so: a set may serve several. */
  readonly issuer?: string
  /** Whether this key made the signature. */
  verify(signingInput: Buffer, signature: Buffer): boolean
}

/** Prepares a public key for one asymmetric algorithm. The caller has checked that they match. */
export function publicVerificationKey(key: KeyObject, alg: string, rule: AlgorithmRule, kid?: string): VerificationKey {
  // Passing an options object costs a microsecond per signature, so it is omitted if it would be empty.
  const input = Object.keys(rule.options).length === 0 ? key : { ...rule.options, key }
  const { digest, signatureLength } = rule
  return {
    alg,
    ...(kid === undefined ? {} : { kid }),
    verify: (signingInput, signature) =>
      (signatureLength === undefined || signature.length === signatureLength) &&
      verify(digest, signingInput, input, signature),
  }
}

/**
 * Prepares a shared secret for one algorithm of HMAC.
 *
 * @param secret - bytes, or text of which the UTF-8 is used
 * @throws {ConfigurationError} `invalid_options` for a secret that is too short (RFC 7518 section 3.2)
 */
export function secretVerificationKey(secret: string | Uint8Array, alg = 'HS256'): VerificationKey {
  const { kty, digest = null, signatureLength: length = 0 } = algorithms.get(alg) ?? {}
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret
  if (kty !== 'oct' || digest === null || bytes.length < length) {
    throw new ConfigurationError('invalid_options', `${alg} needs a secret of at least ${length} bytes`)
  }
  const key = createSecretKey(bytes)
  return {
    alg,
    verify: (signingInput, signature) =>
      signature.length === length && timingSafeEqual(createHmac(digest, key).update(signingInput).digest(), signature),
  }
}

/** The left half of a hash, as in `at_hash` and `c_hash` (OpenID Connect Core section 3.1.3.6). */
export function leftHalfHash(alg: string, value: string): string {
  const hash = alg === 'Ed448' ? createHash('shake256', { outputLength: 114 }) : createHash(hashOf(alg))
  const bytes = hash.update(value, 'ascii').digest()
  return bytes.subarray(0, bytes.length / 2).toString('base64url')
}

// Ed25519 uses SHA-512 internally; providers use it for at_hash as well.
function hashOf(alg: string): string {
  return algorithms.get(alg)?.digest ?? 'sha512'
}
