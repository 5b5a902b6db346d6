import { hkdfSync, createHmac } from 'node:crypto'
import { CompactEncrypt } from 'jose'

/** The secret of the old application. */
export const oldSecret = 'the secret of the old application'

/** How a cookie departs from the usual one. */
export interface OldCookieChanges {
  /** Members of the JWE's header: `alg`, `enc`, `iat`, `uat`, `exp`. */
  readonly header?: Readonly<Record<string, unknown>>
  readonly secret?: string | Uint8Array
}

/** The key that express-openid-connect derives from a secret. */
export function oldKey(secret: string | Uint8Array, info = 'JWE CEK'): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', info, 32))
}

/** The value of a cookie of express-openid-connect with a session that began at `iat`, and is as it was left at that moment. */
export function oldCookie(
  session: unknown,
  iat: number,
  { header, secret = oldSecret }: OldCookieChanges = {},
): Promise<string> {
  const content = typeof session === 'string' ? session : JSON.stringify(session)
  return new CompactEncrypt(Buffer.from(content))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', uat: iat, iat, exp: iat + 86_400, ...header })
    .encrypt(oldKey(secret))
}

/** The cookies of a value: one, or parts that are numbered. */
export function inParts(value: string, size = 4000, name = 'appSession'): Readonly<Record<string, string>> {
  if (value.length <= size) return { [name]: value }
  const parts = value.match(new RegExp(`.{1,${size}}`, 'g')) ?? []
  return Object.fromEntries(parts.map((part, index) => [`${name}.${index}`, part]))
}

/** The ID of a session in a store, with the signature of `signSessionStoreCookie`. */
export function signedId(id: string, secret: string | Uint8Array = oldSecret, name = 'appSession'): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', b64: false, crit: ['b64'] })).toString('base64url')
  const signature = createHmac('sha256', oldKey(secret, 'JWS Cookie Signing')).update(`${header}.${name}=${id}`)
  return `${id}.${signature.digest('base64url')}`
}
