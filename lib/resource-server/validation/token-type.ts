import { TokenValidationError } from '../../errors.js'
import type { JwsHeader } from '../../jose/jws.js'
import { type JsonObject, parseJsonObject } from '../../base/json.js'

/** How strictly a token must say that it is an access token. */
export type Profile = 'rfc9068' | 'jwt'

// Only an ID Token holds hashes of what was issued beside it: no access token can hold its own.
const onlyInIdTokens = ['at_hash', 'c_hash', 's_hash', 'urn:openid:params:jwt:claim:rt_hash']
// Some providers sign both kinds alike, with equal iss, aud, kid and typ, and copy even nonce and azp into access tokens.
// These claims say what a token may do, or for which client it is: an ID Token has none of them.
const onlyInAccessTokens = ['scope', 'scp', 'client_id', 'permissions', 'cid', 'appid', 'appidacr', 'azpacr', 'gty']
// Payload `typ` (Keycloak) and `token_use` (Cognito): the provider's own word.
const saysAccess = new Set<unknown>(['bearer', 'dpop', 'jwt', 'at+jwt', 'access', 'access_token'])

/**
 * Refuses tokens that are not for APIs (RFC 8725 section 3.11). In every profile: another `typ` than an access token's,
 * `events` (logout and security event tokens), hashes that only ID Tokens hold, and tokens that call themselves otherwise.
 * `rfc9068` demands `typ: at+jwt` and refuses `nonce`; `jwt` demands, without that `typ`, at least one claim that only access
 * tokens hold.
 *
 * @returns whether it is declared to be one by RFC 9068
 * @throws {TokenValidationError} `token_type_refused`
 */
export function requireAccessToken(header: JwsHeader, claims: Readonly<JsonObject>, profile: Profile): boolean {
  const type = mediaType(header.typ)
  const isDeclared = type === 'at+jwt'
  if (!isDeclared && (profile === 'rfc9068' || type !== 'jwt')) throw refused('has another typ in its header')
  if ('events' in claims) throw refused('is a logout token, or another event')
  if (onlyInIdTokens.some((name) => name in claims)) throw refused('is an ID Token')
  if (profile === 'rfc9068' && 'nonce' in claims) throw refused('is an ID Token')
  const isSaid = requireAccessWords(claims)
  if (isDeclared || isSaid || onlyInAccessTokens.some((name) => name in claims)) return isDeclared
  throw refused('holds nothing that would tell it from an ID Token')
}

/**
 * Refuses tokens that call themselves anything else than an access token.
 *
 * @returns whether they say anything at all
 * @throws {TokenValidationError} `token_type_refused`
 */
export function requireAccessWords(claims: Readonly<JsonObject>): boolean {
  const { typ, token_use: tokenUse } = claims
  if (isWordForOther(typ) || isWordForOther(tokenUse)) throw refused('calls itself another kind of token')
  return typ !== undefined || tokenUse !== undefined
}

// RFC 7515 section 4.1.9: "application/" may be left out. No typ at all is what "JWT" says.
function mediaType(typ = 'jwt'): string {
  if (typ === 'at+jwt') return typ
  const type = typ.toLowerCase()
  return type.startsWith('application/') ? type.slice('application/'.length) : type
}

function isWordForOther(word: unknown): boolean {
  return word !== undefined && !(typeof word === 'string' && saysAccess.has(word.toLowerCase()))
}

function refused(why: string): TokenValidationError {
  return new TokenValidationError('token_type_refused', `the token ${why}`)
}

/**
 * Whether a token looks like a compact JWS: three segments, of which the first is an object with `alg`. It need not be a
 * good one: who sends such a token gets it validated as JWT, and nothing else.
 */
export function isCompactJws(token: string): boolean {
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first < 1 || second < 0 || token.includes('.', second + 1)) return false
  const header = parseJsonObject(Buffer.from(token.slice(0, first), 'base64url').toString())
  return typeof header?.['alg'] === 'string'
}
