import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'

/** The algorithms that are measured. */
export const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA']

const generators = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
}

/** A new key, as plain values that can be sent to another process. */
export function createKey(alg) {
  const { publicKey, privateKey } = generators[alg]()
  return {
    alg,
    privateJwk: privateKey.export({ format: 'jwk' }),
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid: `key-${alg}`, alg, use: 'sig' },
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }),
  }
}

/** The private half, to sign with. */
export function privateKeyOf(key) {
  return createPrivateKey({ key: key.privateJwk, format: 'jwk' })
}

/** The public half, to verify with. */
export function publicKeyOf(key) {
  return createPublicKey({ key: key.publicJwk, format: 'jwk' })
}
