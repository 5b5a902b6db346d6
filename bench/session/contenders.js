import { expressOidcCookie, expressOidcRedis, expressOidcUnseen, expressOpenidConnect } from './oidc.js'
import { bare, gcmCookie, iron, joseCookie, serverSession, signedCookie, unread } from './peers.js'

/**
 * What takes part. A contender has a name, a kind (limit, ours, peer), `start`: the path where a session begins,
 * `mount(app, { issuer, baseUrl, redisUrl, session })`, and `subject(req)`: who the session says it is.
 */
export const contenders = [
  bare,
  unread,
  expressOidcCookie,
  expressOidcUnseen,
  expressOidcRedis,
  signedCookie,
  serverSession,
  iron,
  gcmCookie,
  joseCookie,
  expressOpenidConnect,
]

/** The contender of this name. */
export function contenderNamed(name) {
  return contenders.find((contender) => contender.name === name)
}
