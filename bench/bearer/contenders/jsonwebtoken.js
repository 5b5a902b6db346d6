import jwt from 'jsonwebtoken'
import { publicKeyOf } from '../../issuer/keys.js'

/** jsonwebtoken with a key that is at hand. */
export const jsonwebtoken = {
  name: 'jsonwebtoken, KeyObject',
  kind: 'peer',
  supports: (alg) => alg !== 'EdDSA',
  validator({ issuer, audience, key }) {
    const publicKey = publicKeyOf(key)
    const options = { issuer, audience, algorithms: [key.alg] }
    return (token) => jwt.verify(token, publicKey, options)
  },
}
