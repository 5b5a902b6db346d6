import { awsJwtVerify } from './contenders/aws-jwt-verify.js'
import { handCache } from './contenders/by-hand.js'
import { expressJwt } from './contenders/express-jwt.js'
import { expressOauth2JwtBearer } from './contenders/express-oauth2-jwt-bearer.js'
import {
  expressOidc,
  expressOidcGuarded,
  expressOidcNoCache,
  expressOidcSecondLayer,
} from './contenders/express-oidc.js'
import { fastJwt, fastJwtCache, fastJwtGetJwks, fastJwtGetJwksCache } from './contenders/fast-jwt.js'
import { joseKeyObject, joseRemote } from './contenders/jose.js'
import { jsonwebtoken } from './contenders/jsonwebtoken.js'
import { rawVerify, unprotected } from './contenders/limit.js'
import { passportJwt } from './contenders/passport-jwt.js'
import { guarded, throughMiddleware } from './adapters.js'

// A contender has a name, a kind (limit, ours, peer), `supports(alg)`, and makes one of these, or both, from
// `{ issuer, audience, jwksUri, jwks, key }`: `validator(trust)`, a function that takes what `prepare(token)` made and
// throws or rejects for a bad token; `middleware(trust)`, for Express. The other one follows from it. `guard()` makes a second layer.
const all = [
  rawVerify,
  unprotected,
  handCache,
  expressOidc,
  expressOidcGuarded,
  expressOidcSecondLayer,
  expressOidcNoCache,
  fastJwt,
  fastJwtCache,
  fastJwtGetJwks,
  fastJwtGetJwksCache,
  awsJwtVerify,
  jsonwebtoken,
  joseKeyObject,
  joseRemote,
  expressOauth2JwtBearer,
  expressJwt,
  passportJwt,
].map(complete)

/** What takes part: everything that can verify `alg`, or that of it whose name holds `only`. */
export function contenders(alg, { only, http = false } = {}) {
  const fits = ({ kind, name }) => kind !== 'peer' || only === undefined || name.includes(only)
  const hasPlace = ({ middleware, validator, isForHttp }) => Boolean(http ? middleware : !isForHttp && validator)
  return all.filter((contender) => contender.supports(alg) && hasPlace(contender) && fits(contender))
}

/** The contender of this name. */
export function contenderNamed(name) {
  return all.find((contender) => contender.name === name)
}

function complete(contender) {
  const { validator, middleware, kind } = contender
  const full = { supports: () => true, caches: false, prepare: (token) => token, ...contender }
  if (kind === 'limit') return full
  if (validator === undefined) return { ...full, validator: (trust) => throughMiddleware(middleware(trust)) }
  if (middleware === undefined) return { ...full, middleware: async (trust) => guarded(await validator(trust)) }
  return full
}
