import { hash, verify } from 'node:crypto'
import { publicKeyOf } from '../../issuer/keys.js'
import { scheme } from '../../issuer/tokens.js'

const capacity = 5000
const pattern = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/

/** The least that a cache of verified tokens can be: one key that never changes, a Map by the token's hash, frozen claims, and `exp`. */
export const handCache = {
  name: 'hand-written cache',
  kind: 'limit',
  caches: true,
  isForHttp: true,
  middleware({ issuer, audience, key }) {
    const [digest, input] = scheme(key.alg, publicKeyOf(key))
    const known = new Map()
    const claimsOf = ([, header, payload, signature]) => {
      const signed = Buffer.from(`${header}.${payload}`)
      if (JSON.parse(decoded(header)).alg !== key.alg) return undefined
      if (!verify(digest, signed, input, Buffer.from(signature, 'base64url'))) return undefined
      const claims = JSON.parse(decoded(payload))
      return claims.iss === issuer && claims.aud === audience ? Object.freeze(claims) : undefined
    }
    return (req, res, next) => {
      const { authorization = '' } = req.headers
      const name = hash('sha256', authorization, 'base64')
      let claims = known.get(name)
      if (claims === undefined) {
        const parts = pattern.exec(authorization)
        claims = parts === null ? undefined : claimsOf(parts)
        if (claims !== undefined) {
          if (known.size >= capacity) known.delete(known.keys().next().value)
          known.set(name, claims)
        }
      }
      if (claims === undefined || claims.exp * 1000 <= Date.now()) return void res.writeHead(401).end()
      req.auth = claims
      next()
    }
  },
}

function decoded(part) {
  return Buffer.from(part, 'base64url').toString()
}
