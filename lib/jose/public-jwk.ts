import { type JsonWebKey, type KeyObject, createPublicKey } from 'node:crypto'

const encoding = { type: 'spki', format: 'der' } as const

/**
 * The public members of a key (RFC 7517). It is read from its encoding first: in Node.js 20 the JWK export of a key that
 * `generateKeyPair()` has returned waits for its own lock for ever if the garbage collector runs meanwhile.
 */
export function publicJwkOf(key: KeyObject): JsonWebKey {
  const publicKey = key.type === 'public' ? key : createPublicKey(key)
  return createPublicKey({ key: publicKey.export(encoding), ...encoding }).export({ format: 'jwk' })
}
