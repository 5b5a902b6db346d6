import { TokenValidationError } from '../../errors.js'
import type { JwsHeader } from '../../jose/jws.js'
import { type JsonObject, parseJsonObject } from '../../base/json.js'

/** How strictly a token must say that it is an access token. */
export type Profile = 'rfc9068' | 'jwt'

// An ID Token contains hashes of what was issued with it; an access token cannot contain its own.
const onlyInIdTokens = ['at_hash', 'c_hash', 's_hash', 'urn:openid:params:jwt:claim:rt_hash']
// Some providers sign both types of token with the same iss, aud, kid and typ, and even copy nonce and azp into access
// tokens. These claims say what a token allows, or which client it is for; an ID Token has none of them.
const onlyInAccessTokens = ['scope', 'scp', 'client_id', 'permissions', 'cid', 'appid', 'appidacr', 'azpacr', 'gty']
// Values of the claims `typ` (Keycloak) and `token_use` (Cognito).
const accessTokenUses = new Set<unknown>(['bearer', 'dpop', 'jwt', 'at+jwt', 'access', 'access_token'])

/**
 * Rejects tokens that are not access tokens (RFC 8725 section 3.11). Both profiles reject a `typ` other than an access
 * token's, `events` (logout and security event tokens), hashes that only ID Tokens contain, and claims that name
 * another type. `rfc9068` requires `typ: at+jwt` and rejects `nonce`. `jwt` also accepts tokens without that `typ`, if
 * they have at least one claim that only access tokens have.
 *
 * @returns whether the token has the `typ` of RFC 9068
 * @throws {TokenValidationError} `token_type_refused`
 */
export function requireAccessToken(header: JwsHeader, claims: Readonly<JsonObject>, profile: Profile): boolean {
  const type = mediaType(header.typ)
  const isDeclared = type === 'at+jwt'
  if (!isDeclared && (profile === 'rfc9068' || type !== 'jwt')) throw typeRefused('has another typ in its header')
  if ('events' in claims) throw typeRefused('is a logout token, or another event')
  if (onlyInIdTokens.some((name) => name in claims)) throw typeRefused('is an ID Token')
  if (profile === 'rfc9068' && 'nonce' in claims) throw typeRefused('is an ID Token')
  const isNamed = requireAccessTokenUse(claims)
  if (isDeclared || isNamed || onlyInAccessTokens.some((name) => name in claims)) return isDeclared
  throw typeRefused('holds nothing that would tell it from an ID Token')
}

/**
 * Rejects tokens whose claims name a type other than access token.
 *
 * @returns whether they name a type at all
 * @throws {TokenValidationError} `token_type_refused`
 */
export function requireAccessTokenUse(claims: Readonly<JsonObject>): boolean {
  const { typ, token_use: tokenUse } = claims
  if (isOtherTokenUse(typ) || isOtherTokenUse(tokenUse)) throw typeRefused('calls itself another kind of token')
  return typ !== undefined || tokenUse !== undefined
}

// RFC 7515 section 4.1.9: "application/" may be omitted. A missing typ means the same as "JWT".
function mediaType(typ = 'jwt'): string {
  if (typ === 'at+jwt') return typ
  const type = typ.toLowerCase()
  return type.startsWith('application/') ? type.slice('application/'.length) : type
}

function isOtherTokenUse(word: unknown): boolean {
  return word !== undefined && !(typeof word === 'string' && accessTokenUses.has(word.toLowerCase()))
}

function typeRefused(why: string): TokenValidationError {
  return new TokenValidationError('token_type_refused', `the token ${why}`)
}

/**
 * Whether a token looks like a compact JWS: three segments, of which the first is an object with `alg`. Even if it is
 * not a valid one, it is validated as a JWT only, and never introspected.
 */
export function isCompactJws(token: string): boolean {
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 1 || second < 0 || token.includes('.', second + 1)) return false
  const header = parseJsonObject(Buffer.from(token.slice(0, first), 'base64url').toString())
  return typeof header?.['alg'] === 'string'
}
