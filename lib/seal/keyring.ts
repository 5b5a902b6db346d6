import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** One AES-256 key, derived for one purpose from one secret. */
export interface SealKey {
  /** Names the key without telling anything about it. */
  readonly kid: string
  readonly key: KeyObject
}

/**
 * Derives a key per secret by HKDF-SHA-256 (RFC 5869), with the purpose in `info`: what was sealed for one purpose never
 * opens for another, even under the same secret.
 *
 * @param secrets The first seals, all open.
 * @param purpose Everything the sealed value is bound to, such as the cookie's name and the client.
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
