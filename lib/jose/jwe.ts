import { type KeyObject, createPublicKey } from 'node:crypto'
import { fromBase64url } from '../base/base64url.js'
import { type JsonObject, parseStrictJson } from '../base/json.js'
import type { DecryptionKey } from './decryption-key.js'

// RFC 7518 section 4. Left out are RSA1_5, which lets strangers decrypt by what a server answers (Bleichenbacher's attack),
// RSA-OAEP with SHA-1, and passwords, whose count of iterations a sender could raise at will.
const keyManagement: ReadonlyMap<string, DecryptionKey['kty'] | 'curve'> = new Map([
  ['RSA-OAEP-256', 'RSA'],
  ['ECDH-ES', 'curve'],
  ['ECDH-ES+A128KW', 'curve'],
  ['ECDH-ES+A192KW', 'curve'],
  ['ECDH-ES+A256KW', 'curve'],
  ['dir', 'oct'],
  ['A128KW', 'oct'],
  ['A192KW', 'oct'],
  ['A256KW', 'oct'],
])
// Content encryptions by the length of their key in bytes (RFC 7518 section 5).
const contentEncryption: ReadonlyMap<string, number> = new Map([
  ['A128GCM', 16],
  ['A192GCM', 24],
  ['A256GCM', 32],
  ['A128CBC-HS256', 32],
  ['A192CBC-HS384', 48],
  ['A256CBC-HS512', 64],
])
const wrappingBytes: ReadonlyMap<string, number> = new Map([
  ['A128KW', 16],
  ['A192KW', 24],
  ['A256KW', 32],
])

/** The accepted algorithms, for messages. */
export const acceptedEncryption = `${[...keyManagement.keys()].join(', ')} with ${[...contentEncryption.keys()].join(', ')}`

/** Whether a token is encrypted: a compact JWE has five segments (RFC 7516 section 3.1). */
export function isEncrypted(token: string): boolean {
  return token.split('.', 6).length === 5
}

/**
 * Decrypts a compact JWE (RFC 7516 section 5.2) with the keys that its header suits.
 *
 * @returns the plaintext, or `undefined`. All failures look alike: a sender learns nothing from them
 */
export async function decryptJwe(jwe: string, keys: readonly DecryptionKey[]): Promise<string | undefined> {
  const header = headerOf(jwe)
  if (header === undefined) return undefined
  // Loaded with the first encrypted token: most applications never see one.
  const { compactDecrypt } = await import('jose')
  const options = { keyManagementAlgorithms: [header.alg], contentEncryptionAlgorithms: [header.enc] }
  for (const { key } of candidates(keys, header)) {
    const opened = await compactDecrypt(jwe, key, options).catch(() => undefined)
    if (opened !== undefined) return Buffer.from(opened.plaintext).toString()
  }
  return undefined
}

interface JweHeader {
  readonly alg: string
  readonly enc: string
  readonly kid?: unknown
  /** The sender's half of a key agreement. */
  readonly epk?: unknown
}

// zip could hide gigabytes in a short token and reveals contents by its size (RFC 8725 section 3.6); crit changes how it is read.
function headerOf(jwe: string): JweHeader | undefined {
  const bytes = fromBase64url(jwe.slice(0, jwe.indexOf('.')))
  const header = bytes === undefined ? undefined : parseStrictJson(bytes)
  if (header === undefined || 'zip' in header || 'crit' in header) return undefined
  const { alg, enc, kid, epk } = header
  if (typeof alg !== 'string' || typeof enc !== 'string') return undefined
  return keyManagement.has(alg) && contentEncryption.has(enc) ? { alg, enc, kid, epk } : undefined
}

// A key without `kid` may be the one that a token names.
function candidates(keys: readonly DecryptionKey[], header: JweHeader): readonly DecryptionKey[] {
  const suitable = keys.filter((key) => suits(key, header))
  const named = suitable.filter(({ kid }) => kid !== undefined && kid === header.kid)
  if (named.length > 0 || header.kid === undefined) return named.length > 0 ? named : suitable
  return suitable.filter(({ kid }) => kid === undefined)
}

function suits({ key, kty, crv, alg }: DecryptionKey, header: JweHeader): boolean {
  const needed = keyManagement.get(header.alg)
  // JWKs for dir name the content encryption in alg, or dir itself.
  const isFor = alg === undefined || alg === header.alg || (header.alg === 'dir' && alg === header.enc)
  if (!isFor) return false
  if (needed === 'curve') return crv !== undefined && crv === curveOf(header.epk)
  if (needed !== 'oct') return kty === needed
  const bytes = wrappingBytes.get(header.alg) ?? contentEncryption.get(header.enc)
  return key instanceof Uint8Array && key.length === bytes
}

function curveOf(epk: unknown): unknown {
  return typeof epk === 'object' && epk !== null && 'crv' in epk ? epk.crv : undefined
}

/**
 * Encrypts a signed token (RFC 7519 section 5.2) for the first of some public keys that the algorithm is for.
 *
 * @param alg - that of the key if it is absent
 * @returns `undefined` if there is no such key
 */
export async function encryptJwt(
  jwt: string,
  jwks: readonly Readonly<JsonObject>[],
  { alg, enc }: { readonly alg: string | undefined; readonly enc: string },
): Promise<string | undefined> {
  const found = encryptionKey(alg, jwks)
  if (found === undefined) return undefined
  const { CompactEncrypt } = await import('jose')
  const header = { alg: found.alg, enc, cty: 'JWT', ...(found.kid === undefined ? {} : { kid: found.kid }) }
  return new CompactEncrypt(Buffer.from(jwt)).setProtectedHeader(header).encrypt(found.key)
}

interface EncryptionKey {
  readonly key: KeyObject
  readonly alg: string
  readonly kid: string | undefined
}

function encryptionKey(wanted: string | undefined, jwks: readonly Readonly<JsonObject>[]): EncryptionKey | undefined {
  for (const jwk of jwks) {
    const { kty, kid, alg: own } = jwk
    const family = kty === 'RSA' ? 'RSA-OAEP-256' : 'ECDH-ES'
    const alg = wanted ?? (typeof own === 'string' ? own : family)
    const key = alg.startsWith(family) && (own ?? alg) === alg ? importPublicJwk(jwk) : undefined
    if (key !== undefined) return { key, alg, kid: typeof kid === 'string' ? kid : undefined }
  }
  return undefined
}

function importPublicJwk(jwk: Readonly<JsonObject>): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
  } catch {
    return undefined
  }
}
