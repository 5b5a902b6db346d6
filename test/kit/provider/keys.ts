import {
  type JsonWebKey,
  type KeyObject,
  constants,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  randomUUID,
  sign,
} from 'node:crypto'
import { CompactSign } from 'jose'
import { keyPair } from '../key-pair.js'

/** A key pair, and the name it goes by. */
export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The public half, with the members that were given. */
  readonly jwk: JsonWebKey
}

/** Makes a key pair; `members` go into the JWK. */
export function signingKey(alg = 'ES256', members: JsonWebKey & { readonly kid?: string } = {}): SigningKey {
  return keyOf(alg, generate(alg).privateKey, members)
}

function keyOf(alg: string, privateKey: KeyObject, members: JsonWebKey & { readonly kid?: string }): SigningKey {
  const publicKey = createPublicKey(privateKey)
  const jwk = { ...publicKey.export({ format: 'jwk' }), ...members }
  return { kid: members.kid ?? randomUUID(), alg, privateKey, publicKey, jwk }
}

function ofTheRun(kid: string): SigningKey {
  const pem = process.env[`TEST_KEY_${kid}`]
  return pem === undefined ? signingKey('RS256', { kid }) : keyOf('RS256', createPrivateKey(pem), { kid })
}

const curves: Readonly<Record<string, string>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  ES256K: 'secp256k1',
}

function generate(alg: string): { privateKey: KeyObject; publicKey: KeyObject } {
  const namedCurve = curves[alg]
  if (namedCurve !== undefined) return keyPair('ec', { namedCurve })
  if (alg === 'Ed448') return keyPair('ed448')
  if (alg.startsWith('Ed')) return keyPair('ed25519')
  if (/^[RP]S/.test(alg)) return keyPair('rsa', { modulusLength: 2048 })
  throw new Error(`no keys are made for ${alg}`)
}

/** The public half as providers publish it, with `use`, `alg` and `kid`. */
export function publicJwk({ publicKey, alg, kid }: SigningKey): JsonWebKey {
  return { ...publicKey.export({ format: 'jwk' }), use: 'sig', alg, kid }
}

/** Keys of the whole run, which jest's set-up has made: an RSA key takes a tenth of a second, and this file is loaded by most tests. */
export const [rsaKey, otherRsaKey] = [ofTheRun('rsa-1'), ofTheRun('rsa-2')]
/** The key of every real provider. */
export const realProviderKey = ofTheRun('rsa-provider')
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

const encode = (value: unknown): string =>
  Buffer.isBuffer(value)
    ? value.toString('base64url')
    : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Joins the parts of a compact JWS; strings and bytes are taken as they are, and so is what the signature is made with. */
export function jws(header: unknown, payload: unknown, signature: (input: Buffer) => Buffer): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${signature(Buffer.from(input)).toString('base64url')}`
}

/** Signs without jose, whatever the header says, by the key's own algorithm or another. */
export function signJws(
  header: unknown,
  payload: unknown,
  { privateKey, alg }: Pick<SigningKey, 'privateKey' | 'alg'>,
) {
  return jws(header, payload, (input) => signatureOf(input, privateKey, alg))
}

/** Signs with a secret, as HS256. */
export function signHmac(header: unknown, payload: unknown, secret: string | Buffer): string {
  return jws(header, payload, (input) => createHmac('sha256', secret).update(input).digest())
}

function signatureOf(input: Buffer, key: KeyObject, alg: string): Buffer {
  if (alg.startsWith('Ed')) return sign(null, input, key)
  const digest = `sha${alg.slice(2, 5)}`
  if (alg.startsWith('ES')) return sign(digest, input, { key, dsaEncoding: 'ieee-p1363' })
  if (alg.startsWith('RS')) return sign(digest, input, key)
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants
  return sign(digest, input, { key, padding, saltLength })
}

/** at_hash or c_hash. */
export function halfHash(value: string, hash = 'sha256'): string {
  const bytes = createHash(hash).update(value).digest()
  return bytes.subarray(0, bytes.length / 2).toString('base64url')
}
