import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { Platform } from '../options/platform.js'
import { type JsonObject, parseJsonObject } from './json.js'
import { deriveKeys, type SealKey } from './keyring.js'

/** Seals JSON objects so that a browser can carry them without reading or changing them. */
export interface Seal {
  /** @param payload Must hold `exp`, in seconds since the epoch. */
  seal(payload: SealPayload): string
  /** Whatever does not authenticate, or is no object with `exp`, is `undefined`. */
  open(sealed: string): Opened | undefined
}

/** What may be sealed: any JSON object that says when it ends. */
export type SealPayload = Readonly<JsonObject> & { readonly exp: number }

/** A sealed object that authenticated. */
export interface Opened {
  readonly payload: SealPayload
  /** Its `exp` has passed: it must not be used, but tells why. */
  readonly expired: boolean
  /** It was sealed with an older secret and should be sealed anew. */
  readonly outdatedKey: boolean
}

interface DirectKey extends SealKey {
  /** The protected header in base64url: equal for all that this key seals. */
  readonly header: string
}

/**
 * Creates a seal that writes and reads compact JWE (RFC 7516) with `dir` and `A256GCM`, synchronously: a cookie must be
 * ready at the moment when headers are written. The 96-bit IV is random, so a secret must be replaced before it has
 * sealed 2^32 values (NIST SP 800-38D section 8.3).
 */
export function createSeal(secrets: readonly string[], purpose: readonly string[], platform: Platform): Seal {
  return sealWith(directKeys(secrets, purpose), platform)
}

/**
 * Creates seals of one purpose that also depend on a name, such as the id of a session: what is sealed for one name never
 * opens for another. A key per name costs a hash, where one per purpose costs two key derivations.
 */
export function createNamedSeals(
  secrets: readonly string[],
  purpose: readonly string[],
  platform: Platform,
): (name: string) => Seal {
  const keys = directKeys(secrets, purpose)
  return (name) =>
    sealWith(
      keys.map((base) => ({ ...base, key: createSecretKey(createHmac('sha256', base.key).update(name).digest()) })),
      platform,
    )
}

function directKeys(secrets: readonly string[], purpose: readonly string[]): readonly DirectKey[] {
  return deriveKeys(secrets, purpose).map((key) => ({ ...key, header: protectedHeader(key.kid) }))
}

function sealWith(keys: readonly DirectKey[], platform: Platform): Seal {
  const newest = keys[0]
  if (newest === undefined) throw new RangeError('createSeal() needs at least one secret')
  return {
    seal: (payload) => encrypt(newest, JSON.stringify(payload), platform.randomBytes(12)),
    open(sealed) {
      const header = sealed.slice(0, Math.max(0, sealed.indexOf('.')))
      const key = keys.find((known) => known.header === header) ?? findByParsedHeader(keys, header)
      const text = key === undefined ? undefined : decrypt(key.key, header, sealed.slice(header.length + 1).split('.'))
      const payload = text === undefined ? undefined : parseJsonObject(text)
      if (payload === undefined || !isSealPayload(payload)) return undefined
      return { payload, expired: payload.exp * 1000 <= platform.now(), outdatedKey: key !== newest }
    },
  }
}

function protectedHeader(kid: string): string {
  return Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid })).toString('base64url')
}

// Another implementation may order the members differently; any other header, `zip` and `crit` among them, is refused.
function findByParsedHeader(keys: readonly DirectKey[], segment: string): DirectKey | undefined {
  if (segment.length > 200) return undefined
  const header = parseJsonObject(Buffer.from(segment, 'base64url').toString())
  if (header === undefined || Object.keys(header).length !== 3) return undefined
  if (header['alg'] !== 'dir' || header['enc'] !== 'A256GCM') return undefined
  return keys.find((key) => key.kid === header['kid'])
}

function encrypt(key: DirectKey, text: string, iv: Buffer): string {
  const cipher = createCipheriv('aes-256-gcm', key.key, iv, { authTagLength: 16 })
  cipher.setAAD(Buffer.from(key.header, 'ascii'))
  const ciphertext = cipher.update(text, 'utf8', 'base64url') + cipher.final('base64url')
  return `${key.header}..${iv.toString('base64url')}.${ciphertext}.${cipher.getAuthTag().toString('base64url')}`
}

function decrypt(key: KeyObject, header: string, parts: readonly string[]): string | undefined {
  const [encryptedKey, ...segments] = parts
  if (segments.length !== 3 || encryptedKey !== '') return undefined
  const [ivBytes, cipherBytes, tagBytes] = segments.map(fromBase64url)
  if (ivBytes?.length !== 12 || cipherBytes === undefined || tagBytes?.length !== 16) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, ivBytes, { authTagLength: 16 })
  decipher.setAAD(Buffer.from(header, 'ascii'))
  decipher.setAuthTag(tagBytes)
  const text = decipher.update(cipherBytes)
  try {
    return Buffer.concat([text, decipher.final()]).toString()
  } catch {
    return undefined
  }
}

// Node's decoder skips foreign characters and ignores unused bits: one value must have one spelling (RFC 4648 section 3.5).
function fromBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

function isSealPayload(payload: JsonObject): payload is SealPayload {
  return typeof payload['exp'] === 'number' && Number.isFinite(payload['exp'])
}
