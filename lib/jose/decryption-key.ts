import { type KeyObject, type webcrypto, createPrivateKey } from 'node:crypto'
import { fromBase64url } from '../base/base64url.js'
import { pemLines } from '../options/common/private-key.js'
import { unusableOption } from '../options/mistake.js'
import type { DecryptionKeyOption } from '../options/common/private-key.js'

/** A key that tokens for this application are encrypted for. */
export interface DecryptionKey {
  /** A private key, or the bytes of a secret. */
  readonly key: KeyObject | Uint8Array
  readonly kty: 'RSA' | 'EC' | 'OKP' | 'oct'
  /** The curve of an elliptic-curve key. */
  readonly crv?: string
  readonly kid?: string
  /** The one algorithm that the key is for. */
  readonly alg?: string
}

const curves: ReadonlyMap<unknown, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
  ['x25519', 'X25519'],
])
// Key sizes of A128KW to A256KW and of all content encryptions (RFC 7518 sections 4.4 and 5.1).
const secretLengths = [16, 24, 32, 48, 64]

/**
 * Imports the keys of an option.
 *
 * @param option - its name: error messages begin with it and the place of the key in its list
 * @throws {ConfigurationError} `invalid_options`
 */
export function importDecryptionKeys(option: string, given: readonly DecryptionKeyOption[]): readonly DecryptionKey[] {
  return given.map((key, place) => importKey(`${option}[${place}]`, key))
}

function importKey(name: string, given: DecryptionKeyOption): DecryptionKey {
  const { kty, use, kid, alg }: Readonly<Record<string, unknown>> = typeof given === 'string' ? {} : { ...given }
  if (use !== undefined && use !== 'enc')
    throw unusableOption(name, 'has another "use" than "enc": it is not for encryption')
  const names = { ...(typeof kid === 'string' ? { kid } : {}), ...(typeof alg === 'string' ? { alg } : {}) }
  if (kty === 'oct' && typeof given !== 'string') return { key: secretOf(name, given), kty, ...names }
  const key = privateKeyOf(name, given)
  return { key, ...kindOf(name, key), ...names }
}

function secretOf(name: string, { k }: webcrypto.JsonWebKey): Uint8Array {
  const bytes = k === undefined ? undefined : fromBase64url(k)
  if (bytes !== undefined && secretLengths.includes(bytes.length)) return new Uint8Array(bytes)
  throw unusableOption(name, `must have ${secretLengths.join(', ')} bytes in "k", as base64url`)
}

// The original error is dropped: it may quote the key.
function privateKeyOf(name: string, given: DecryptionKeyOption): KeyObject {
  const isPublic =
    typeof given === 'string' ? /BEGIN (RSA )?(PUBLIC KEY|CERTIFICATE)/.test(given) : given.d === undefined
  if (isPublic) throw unusableOption(name, 'is a public key: tokens are decrypted with the private one')
  try {
    return typeof given === 'string'
      ? createPrivateKey(pemLines(given))
      : createPrivateKey({ key: { ...given }, format: 'jwk' })
  } catch {
    throw unusableOption(name, 'is not a private key: expected a PKCS#8 PEM without passphrase, or a JWK')
  }
}

function kindOf(name: string, key: KeyObject): Pick<DecryptionKey, 'kty' | 'crv'> {
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details = {} } = key
  if (type === 'rsa') {
    if ((details.modulusLength ?? 0) < 2048)
      throw unusableOption(name, 'must have at least 2048 bits (RFC 7518 section 4.3)')
    return { kty: 'RSA' }
  }
  const curve = type === 'ec' ? details.namedCurve : type
  const crv = curves.get(curve)
  if (crv !== undefined) return { kty: type === 'ec' ? 'EC' : 'OKP', crv }
  throw unusableOption(
    name,
    `is of a type or curve that is not supported, ${curve ?? type}: expected RSA, ${[...curves.values()].join(', ')}`,
  )
}
