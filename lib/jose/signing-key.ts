import { KeyObject, type webcrypto, createPrivateKey, sign } from 'node:crypto'
import { types } from 'node:util'
import type { KeyOption } from '../options/common/client-authentication.js'
import { pemLines } from '../options/common/private-key.js'
import { ConfigurationError } from '../errors.js'
import type { JsonObject } from '../base/json.js'
import { type AlgorithmRule, algorithms } from './algorithms.js'

/** A private key, and the one algorithm that it signs with. */
export interface SigningKey {
  readonly key: KeyObject
  readonly alg: string
  readonly rule: AlgorithmRule
  readonly kid?: string
}

/** A private key as given in an option. */
interface GivenKey {
  /** Name of the option: error messages begin with it. */
  readonly option: string
  /** PKCS#8 PEM, JWK, `KeyObject` or `CryptoKey`. */
  readonly key: KeyOption
  /** @default `alg` of the JWK, otherwise the first one that suits the key */
  readonly alg?: string | undefined
  /** The algorithms to choose from. @default all supported ones */
  readonly allowed?: readonly string[]
}

/** A key's type in JOSE terms. */
type KeyKind = Pick<AlgorithmRule, 'kty'> & { readonly curve?: string }

/**
 * Imports a private key.
 *
 * @throws {ConfigurationError} `invalid_options` if it is not a private key, or does not suit an allowed algorithm
 */
export function importSigningKey({ option, key: given, alg: asked, allowed }: GivenKey): SigningKey {
  const unusable = (why: string) => new ConfigurationError('invalid_options', `${option} ${why}`)
  const key = importPrivateKey(given)
  if (key?.type !== 'private') throw unusable('must be a private key: PKCS#8 PEM or JWK')
  const { alg: own, kid } = membersOf(given)
  const wanted = asked ?? own
  const [alg, rule] = suitableAlgorithms(key, allowed).find(([name]) => wanted === undefined || name === wanted) ?? []
  if (alg === undefined || rule === undefined) {
    const choice = allowed === undefined ? '' : `: one of ${allowed.join(', ')}`
    throw unusable(`does not suit the algorithm that it is to sign with${choice}`)
  }
  if ((key.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048) throw unusable('must have at least 2048 bits')
  return { key, alg, rule, ...(typeof kid === 'string' ? { kid } : {}) }
}

/** The members `alg` and `kid` of a key as given, if it is one that has them. */
export function membersOf(given: KeyOption): Readonly<Record<string, unknown>> {
  if (typeof given === 'string' || types.isKeyObject(given)) return {}
  return isCryptoKey(given) ? { alg: cryptoKeyAlgorithm(given.algorithm) } : { ...given }
}

const rsaNames: ReadonlyMap<string, string> = new Map([
  ['RSASSA-PKCS1-v1_5', 'RS'],
  ['RSA-PSS', 'PS'],
])

// Each curve has one algorithm only.
function cryptoKeyAlgorithm(algorithm: { readonly name: string; readonly hash?: { readonly name: string } }): unknown {
  const start = rsaNames.get(algorithm.name)
  return start === undefined ? undefined : start + (algorithm.hash?.name ?? '').replace('SHA-', '')
}

function isCryptoKey(given: object): given is webcrypto.CryptoKey {
  return types.isCryptoKey(given)
}

/** Whether an algorithm is for keys of this type. */
export function isAlgorithmOf(alg: string, key: KeyObject): boolean {
  return suitableAlgorithms(key).some(([name]) => name === alg)
}

function suitableAlgorithms(key: KeyObject, allowed?: readonly string[]): (readonly [string, AlgorithmRule])[] {
  const kind = kindOf(key)
  return [...algorithms].filter(([name, rule]) => allowed?.includes(name) !== false && suits(kind, rule))
}

/**
 * Signs claims as a compact JWS (RFC 7515 section 7.1), with the key's `alg` in the header. `node:crypto` does the
 * cryptography. No library is used for these few lines: client assertions and DPoP proofs then take `iat` from the
 * injected clock, and need no promise.
 */
export function signJws(key: SigningKey, header: JsonObject, claims: JsonObject): string {
  const input = signingInput({ alg: key.alg, ...header }, claims)
  return `${input}.${signatureOf(key, Buffer.from(input)).toString('base64url')}`
}

/** What is signed of a JWS: its header and claims (RFC 7515 section 5.1). */
export function signingInput(header: JsonObject, claims: JsonObject): string {
  return [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
}

/** The signature of a JWS. */
export function signatureOf({ key, rule }: Pick<SigningKey, 'key' | 'rule'>, input: Uint8Array): Buffer {
  return sign(rule.digest, input, { ...rule.options, key })
}

// The original error is dropped: it may quote the key.
function importPrivateKey(given: KeyOption): KeyObject | undefined {
  if (types.isKeyObject(given)) return given
  if (typeof given !== 'string' && isCryptoKey(given)) return KeyObject.from(given)
  try {
    return typeof given === 'string'
      ? createPrivateKey(pemLines(given))
      : createPrivateKey({ key: { ...given }, format: 'jwk' })
  } catch {
    return undefined
  }
}

const curveNames = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
  ['ed25519', 'Ed25519'],
  ['ed448', 'Ed448'],
])

function kindOf(key: KeyObject): KeyKind {
  const { asymmetricKeyType: type = '', asymmetricKeyDetails: details } = key
  if (type === 'rsa') return { kty: 'RSA' }
  const curve = curveNames.get(type === 'ec' ? (details?.namedCurve ?? '') : type) ?? 'unknown'
  return { kty: type === 'ec' ? 'EC' : 'OKP', curve }
}

function suits(kind: KeyKind, rule: AlgorithmRule): boolean {
  return kind.kty === rule.kty && (kind.curve === undefined || rule.curves.includes(kind.curve))
}
