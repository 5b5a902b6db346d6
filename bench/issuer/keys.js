import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'

/** The algorithms that are measured. */
export const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA']

// As JWK at once: in Node.js 20 the JWK export of a new key may wait for its own lock for ever.
const encodings = {
  privateKeyEncoding: { type: 'pkcs8', format: 'jwk' },
  publicKeyEncoding: { type: 'spki', format: 'jwk' },
}
const generators = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048, ...encodings }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048, ...encodings }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256', ...encodings }),
  EdDSA: () => generateKeyPairSync('ed25519', encodings),
}

/** A new key, as plain values that can be sent to another process. */
export function createKey(alg) {
  const { publicKey, privateKey } = generators[alg]()
  return {
    alg,
    privateJwk: privateKey,
    publicJwk: { ...publicKey, kid: `key-${alg}`, alg, use: 'sig' },
    publicPem: createPublicKey({ key: publicKey, format: 'jwk' }).export({ format: 'pem', type: 'spki' }),
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
