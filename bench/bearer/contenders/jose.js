import { createRemoteJWKSet, jwtVerify } from 'jose'
import { publicKeyOf } from '../../issuer/keys.js'

/** jose with a key that is at hand. */
export const joseKeyObject = {
  name: 'jose, KeyObject',
  kind: 'peer',
  validator({ issuer, audience, key }) {
    const publicKey = publicKeyOf(key)
    const options = { issuer, audience, algorithms: [key.alg] }
    return async (token) => (await jwtVerify(token, publicKey, options)).payload
  },
}

/** jose with the issuer's published keys. */
export const joseRemote = {
  name: 'jose, createRemoteJWKSet',
  kind: 'peer',
  validator({ issuer, audience, key, jwksUri }) {
    const keys = createRemoteJWKSet(new URL(jwksUri))
    const options = { issuer, audience, algorithms: [key.alg] }
    return async (token) => (await jwtVerify(token, keys, options)).payload
  },
}
