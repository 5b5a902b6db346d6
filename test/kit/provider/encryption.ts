import { type JsonWebKey, type KeyObject, randomBytes } from 'node:crypto'
import { CompactEncrypt, type CompactJWEHeaderParameters } from 'jose'
import { keyPair } from '../key-pair.js'

/** A key that tokens can be encrypted for. */
export interface EncryptionKey {
  /** What the provider encrypts with. */
  readonly encrypts: KeyObject | Uint8Array
  /** What an application decrypts with. */
  readonly jwk: JsonWebKey
  readonly pem: string
}

function pair({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }): EncryptionKey {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { encrypts: publicKey, jwk: privateKey.export({ format: 'jwk' }), pem }
}

/** Makes an RSA key. */
export const rsaPair = (modulusLength = 2048): EncryptionKey => pair(keyPair('rsa', { modulusLength }))

/** Makes a key on a curve that `createPrivateKey` knows, such as `P-256`. */
export const ecPair = (namedCurve: string): EncryptionKey => pair(keyPair('ec', { namedCurve }))

/** Makes an X25519 key. */
export const x25519Pair = (): EncryptionKey => pair(keyPair('x25519'))

/** Makes a secret of some bytes. */
export function secretKey(length: number): EncryptionKey {
  const bytes = randomBytes(length)
  return { encrypts: new Uint8Array(bytes), jwk: { kty: 'oct', k: bytes.toString('base64url') }, pem: '' }
}

/** Keys for a whole file: making them is slow. */
export const keysByKind = {
  rsa: rsaPair(),
  ec: ecPair('P-256'),
}

/** Encrypts a text as a compact JWE. */
export async function encrypted(
  text: string,
  { encrypts }: Pick<EncryptionKey, 'encrypts'>,
  header: Partial<CompactJWEHeaderParameters> = {},
): Promise<string> {
  const members = { alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT', ...header }
  return new CompactEncrypt(Buffer.from(text)).setProtectedHeader(members).encrypt(encrypts)
}
