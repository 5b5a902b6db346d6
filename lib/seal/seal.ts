import { type KeyObject, createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync } from 'node:crypto'
import type { Runtime } from '../base/runtime.js'
import { fromBase64url } from '../base/base64url.js'
import { type JsonObject, parseJsonObject } from '../base/json.js'

/** Encrypts JSON objects. A browser can hold them, but neither read nor change them. */
export interface Seal {
  /**
   * @param payload Must hold `exp`, in seconds since the epoch.
   * @param attachment - bytes to encrypt together with it
   */
  seal(payload: SealPayload, attachment?: Buffer): string
  /** How long a payload is once it is sealed. Nothing is encrypted for that. */
  lengthOf(payload: SealPayload): number
  /** Returns `undefined` if the value does not authenticate, or is not an object with `exp`. */
  open(sealed: string): Opened | undefined
  /** Whether a value names one of our keys. If not, something else made it, such as another application on the same host. */
  isOurs(sealed: string): boolean
}

/** A payload: any JSON object with an expiry date. */
export type SealPayload = Readonly<JsonObject> & { readonly exp: number }

/** A payload that has been decrypted and authenticated. */
export interface Opened {
  readonly payload: SealPayload
  /** The bytes that were sealed with it, if any. */
  readonly attachment?: Buffer
  /** Its `exp` has passed: it must not be used, but it explains what happened. */
  readonly expired: boolean
  /** It was sealed with an older secret, and should be sealed again. */
  readonly outdatedKey: boolean
}

const ivBytes = 12
const tagBytes = 16

// Five, plus one to detect that there are too many.
const maxParts = 6

interface DirectKey extends SealKey {
  /** The protected header in base64url: the same for everything that this key seals. */
  readonly header: string
  /** The header as bytes: additional authenticated data for AES-GCM. */
  readonly additionalData: Buffer
}

/**
 * Creates a seal that writes and reads compact JWE (RFC 7516) with `dir` and `A256GCM`. It is synchronous, because
 * cookies must be ready when headers are written. The 96-bit IV is random, so a secret must be replaced before it has
 * sealed 2^32 values (NIST SP 800-38D section 8.3).
 */
export function createSeal(secrets: readonly string[], purpose: readonly string[], runtime: Runtime): Seal {
  return sealWith(directKeys(secrets, purpose), runtime)
}

/**
 * Creates seals for one purpose that also depend on a name, such as a session ID: a value sealed for one name never
 * opens for another. A key per name costs one hash, while a key per purpose costs two key derivations.
 */
export function createNamedSeals(
  secrets: readonly string[],
  purpose: readonly string[],
  runtime: Runtime,
): (name: string) => Seal {
  const keys = directKeys(secrets, purpose)
  return (name) =>
    sealWith(
      keys.map((base) => ({ ...base, key: createSecretKey(createHmac('sha256', base.key).update(name).digest()) })),
      runtime,
    )
}

function directKeys(secrets: readonly string[], purpose: readonly string[]): readonly DirectKey[] {
  return deriveKeys(secrets, purpose).map((key) => {
    const header = protectedHeader(key.kid)
    return { ...key, header, additionalData: Buffer.from(header, 'ascii') }
  })
}

function sealWith(keys: readonly DirectKey[], runtime: Runtime): Seal {
  const newest = keys[0]
  if (newest === undefined) throw new RangeError('createSeal() needs at least one secret')
  const keyOf = (header: string): DirectKey | undefined =>
    keys.find((known) => known.header === header) ?? findByParsedHeader(keys, header)
  return {
    seal(payload, attachment) {
      const json = JSON.stringify(payload)
      const content = attachment === undefined ? json : withAttachment(json, attachment)
      return encrypt(newest, content, runtime.randomBytes(ivBytes))
    },
    lengthOf: (payload) => newest.header.length + sealedLength(Buffer.byteLength(JSON.stringify(payload))),
    isOurs: (sealed) => keyOf(sealed.split('.', 1)[0] ?? '') !== undefined,
    open(sealed) {
      const [header = '', ...parts] = sealed.split('.', maxParts)
      const key = keyOf(header)
      const content = key === undefined ? undefined : decrypt(key, parts)
      if (content === undefined) return undefined
      const end = endOfJson(content)
      const payload = parseJsonObject(
        end === undefined ? content.toString() : content.toString('utf8', prefixBytes, end),
      )
      if (payload === undefined || !isSealPayload(payload)) return undefined
      const expired = payload.exp * 1000 <= runtime.now()
      const opened = { payload, expired, outdatedKey: key?.kid !== newest.kid }
      return end === undefined ? opened : { ...opened, attachment: content.subarray(end) }
    },
  }
}

function protectedHeader(kid: string): string {
  return Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid })).toString('base64url')
}

// Other implementations may order the members differently. Headers with other members, such as `zip` or `crit`, are
// rejected.
function findByParsedHeader(keys: readonly DirectKey[], segment: string): DirectKey | undefined {
  const bytes = segment === '' || segment.length > 200 ? undefined : fromBase64url(segment)
  const header = bytes === undefined ? undefined : parseJsonObject(bytes.toString())
  if (header === undefined || Object.keys(header).length !== 3) return undefined
  if (header['alg'] !== 'dir' || header['enc'] !== 'A256GCM') return undefined
  const key = keys.find(({ kid }) => kid === header['kid'])
  return key === undefined ? undefined : { ...key, additionalData: Buffer.from(segment, 'ascii') }
}

// JSON begins with a brace. A leading zero byte and the length of the JSON mean that an attachment follows.
const prefixBytes = 4

function withAttachment(json: string, attachment: Buffer): Buffer {
  const text = Buffer.from(json)
  const prefix = Buffer.alloc(prefixBytes)
  prefix.writeUIntBE(text.length, 1, prefixBytes - 1)
  return Buffer.concat([prefix, text, attachment])
}

function endOfJson(content: Buffer): number | undefined {
  if (content[0] !== 0 || content.length < prefixBytes) return undefined
  return prefixBytes + content.readUIntBE(1, prefixBytes - 1)
}

// What follows the header in a compact JWE: IV, ciphertext, which is as long as the content, and tag, with four dots.
function sealedLength(contentBytes: number): number {
  return [ivBytes, contentBytes, tagBytes].reduce((length, bytes) => length + Math.ceil((bytes * 4) / 3), 4)
}

function encrypt(key: DirectKey, content: string | Buffer, iv: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', key.key, iv, { authTagLength: tagBytes })
  cipher.setAAD(key.additionalData)
  const ciphertext = typeof content === 'string' ? cipher.update(content, 'utf8') : cipher.update(content)
  // GCM holds no bytes back, so final() returns none.
  cipher.final()
  const parts = [iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))
  return `${key.header}..${parts.join('.')}`
}

function decrypt({ key, additionalData }: DirectKey, parts: readonly string[]): Buffer | undefined {
  const [encryptedKey, iv = '', ciphertext = '', tag = ''] = parts
  if (parts.length !== 4 || encryptedKey !== '') return undefined
  const [vector, cipherBytes, authTag] = [fromBase64url(iv), fromBase64url(ciphertext), fromBase64url(tag)]
  if (vector?.length !== ivBytes || cipherBytes === undefined || authTag?.length !== tagBytes) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, vector, { authTagLength: tagBytes })
  decipher.setAAD(additionalData)
  decipher.setAuthTag(authTag)
  const content = decipher.update(cipherBytes)
  try {
    // Checks the tag. GCM buffers no bytes, so final() returns none.
    decipher.final()
  } catch {
    return undefined
  }
  return content
}

function isSealPayload(payload: JsonObject): payload is SealPayload {
  return typeof payload['exp'] === 'number' && Number.isFinite(payload['exp'])
}

/** One AES-256 key, derived for one purpose from one secret. */
interface SealKey {
  /** Names the key without revealing anything about it. */
  readonly kid: string
  readonly key: KeyObject
}

/**
 * Derives a key per secret by HKDF-SHA-256 (RFC 5869), with the purpose in `info`: a value sealed for one purpose never
 * opens for another, even with the same secret.
 *
 * @param secrets The first encrypts; any can decrypt.
 * @param purpose Everything that sealed values are bound to, such as the cookie's name and the client ID.
 */
export function deriveKeys(secrets: readonly string[], purpose: readonly string[]): readonly SealKey[] {
  const label = JSON.stringify(purpose)
  return secrets.map((secret) => ({
    kid: derive(secret, `kid ${label}`, 6).toString('base64url'),
    key: createSecretKey(derive(secret, `key ${label}`, 32)),
  }))
}

function derive(secret: string, info: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'express-oidc', info, length))
}
