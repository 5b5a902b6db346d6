import { KeyObject, X509Certificate, createPublicKey, hash, verify } from 'node:crypto'
import { types } from 'node:util'
import type { JsonObject } from '../../base/json.js'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import { outage } from '../../base/outage.js'
import { type AlgorithmRule, algorithms } from '../../jose/algorithms.js'
import { jwkThumbprint } from '../../jose/jwk-set.js'
import { publicJwkOf } from '../../jose/public-jwk.js'
import { importSigningKey, isAlgorithmOf, membersOf, signatureOf, signingInput } from '../../jose/signing-key.js'
import type { KeyOption } from '../../options/common/client-authentication.js'
import type { ClientKeysConfiguration } from '../../options/common/credentials.js'
import { unusableOption } from '../../options/mistake.js'
import { pemLines } from '../../options/common/private-key.js'
import { derSignature } from './der-signature.js'
import { callInTime } from '../../base/timers/call-in-time.js'

/** A key of this client, ready to sign. */
export interface ClientKey {
  readonly alg: string
  /** What names it in headers. */
  readonly header: Readonly<Record<string, string>>
  /** Signs bytes: here, or elsewhere. */
  sign(input: Buffer): MaybePromise<Buffer>
}

/** The keys of this client. */
export interface ClientKeys {
  readonly current: ClientKey
  /** The public keys as JWKs (RFC 7517), in the order current, next, old. */
  readonly published: readonly Readonly<JsonObject>[]
}

type GivenKey = ClientKeysConfiguration['current']

/**
 * Imports the option `clientKeys`.
 *
 * @param seconds - deadline of functions that sign
 * @throws {ConfigurationError} `invalid_options` for a key that cannot sign with its algorithm, and for two of one name
 */
export function importClientKeys({ current, next, old }: ClientKeysConfiguration, seconds: number): ClientKeys {
  const [first, ...others] = [
    importKey('clientKeys.current', current, seconds),
    ...(next === undefined ? [] : [importKey('clientKeys.next', next, seconds)]),
    ...(old === undefined ? [] : [importKey('clientKeys.old', old, seconds)]),
  ] as const
  const published = [first, ...others].map(({ jwk }) => jwk)
  if (new Set(published.map(({ kid }) => kid)).size < published.length) {
    throw unusableOption('clientKeys', 'must have keys with different "kid"')
  }
  return { current: first, published }
}

interface ImportedKey extends ClientKey {
  readonly jwk: Readonly<JsonObject>
}

function importKey(option: string, given: GivenKey, seconds: number): ImportedKey {
  const { publicKey, alg, ownKid, sign } = 'sign' in given ? remote(option, given, seconds) : local(option, given)
  const jwk = { ...publicJwkOf(publicKey) }
  const kid = given.kid ?? ownKid ?? jwkThumbprint(jwk)
  const certificate = given.certificate === undefined ? undefined : new X509Certificate(pemLines(given.certificate))
  if (certificate?.publicKey.equals(publicKey) === false) {
    throw unusableOption(`${option}.certificate`, 'is the certificate of another key')
  }
  const x5c = certificate === undefined ? {} : { x5c: [certificate.raw.toString('base64')] }
  const header = { kid, ...certificateHashes(certificate) }
  return { alg, sign, header, jwk: { ...jwk, kid, alg, use: 'sig', ...x5c } }
}

/** Hashes of a certificate, as members of a header (RFC 7515 sections 4.1.7 and 4.1.8). */
export function certificateHashes(certificate: X509Certificate | undefined): Readonly<Record<string, string>> {
  if (certificate === undefined) return {}
  const { raw } = certificate
  return { x5t: hash('sha1', raw, 'base64url'), 'x5t#S256': hash('sha256', raw, 'base64url') }
}

interface KeyParts extends Pick<ClientKey, 'alg' | 'sign'> {
  readonly publicKey: KeyObject
  readonly ownKid: string | undefined
}

function local(option: string, { privateKey, alg }: Exclude<GivenKey, { sign: unknown }>): KeyParts {
  const key = importSigningKey({ option: `"${option}.privateKey"`, key: privateKey, alg })
  return {
    alg: key.alg,
    publicKey: createPublicKey(key.key),
    ownKid: key.kid,
    sign: (input) => signatureOf(key, input),
  }
}

function remote(option: string, given: Extract<GivenKey, { sign: unknown }>, seconds: number): KeyParts {
  const { alg, sign } = given
  const publicKey = importPublicKey(`${option}.publicKey`, given.publicKey)
  const rule = algorithms.get(alg)
  if (rule === undefined || !isAlgorithmOf(alg, publicKey)) {
    throw unusableOption(`${option}.publicKey`, `does not suit the algorithm in "${option}.alg"`)
  }
  const { kid } = membersOf(given.publicKey)
  const name = `${option}.sign`
  return {
    alg,
    publicKey,
    ownKid: typeof kid === 'string' ? kid : undefined,
    sign: async (input) => {
      const signature = await callInTime(name, () => sign(input, alg), seconds)
      return checkedSignature({ name, publicKey, rule }, input, signature)
    },
  }
}

interface RemoteSigner {
  readonly name: string
  readonly publicKey: KeyObject
  readonly rule: AlgorithmRule
}

// Otherwise only the provider would notice a key that does not match, and its answer says less. Services return ECDSA in ASN.1, and
// RFC 7518 section 3.4 wants the two numbers side by side.
function checkedSignature({ name, publicKey, rule }: RemoteSigner, input: Buffer, given: unknown): Buffer {
  const signature = given instanceof Uint8Array ? Buffer.from(given) : Buffer.alloc(0)
  const forms = [signature, ...(rule.kty === 'EC' ? [derSignature(signature, rule.signatureLength)] : [])]
  const valid = forms.find(
    (form) => form !== undefined && verify(rule.digest, input, { ...rule.options, key: publicKey }, form),
  )
  if (valid !== undefined) return valid
  const message = `the function in "${name}" returned no signature that "publicKey" verifies`
  throw outage('provider_unavailable', message)
}

function importPublicKey(option: string, given: KeyOption): KeyObject {
  const key = publicKeyOf(given)
  if (key === undefined)
    throw unusableOption(option, 'must be a public key: SPKI PEM, certificate, JWK, KeyObject or CryptoKey')
  if ((key.asymmetricKeyDetails?.modulusLength ?? 2048) < 2048)
    throw unusableOption(option, 'must have at least 2048 bits')
  return key
}

// The original error is dropped: it may quote the key.
function publicKeyOf(given: KeyOption): KeyObject | undefined {
  try {
    if (typeof given === 'string') return createPublicKey(pemLines(given))
    if (types.isCryptoKey(given)) return publicHalf(KeyObject.from(given))
    return given instanceof KeyObject ? publicHalf(given) : createPublicKey({ key: { ...given }, format: 'jwk' })
  } catch {
    return undefined
  }
}

function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key
}

/** Signs claims as a compact JWS, whose header names the key. */
export function signClaims(key: ClientKey, typ: string, claims: JsonObject): MaybePromise<string> {
  const input = signingInput({ alg: key.alg, typ, ...key.header }, claims)
  return whenDone(key.sign(Buffer.from(input)), (signature) => `${input}.${signature.toString('base64url')}`)
}
