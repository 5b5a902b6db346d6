import type { OidcErrorDetails } from '../../error-details.js'
import { TokenValidationError } from '../../errors.js'
import type { JwsHeader } from '../../jose/jws.js'
import type { AccessTokenProfile } from '../../options/bearer/issuer-options.js'
import { isBroughtLogin, isLoginClient, isLoginIssuer } from '../issuers/logins.js'
import { quoted, quotedName } from '../../base/error-cause.js'
import { type JsonObject, parseJsonObject } from '../../base/json.js'

// An ID Token contains hashes of what was issued with it; an access token cannot contain its own.
const onlyInIdTokens = ['at_hash', 'c_hash', 's_hash', 'urn:openid:params:jwt:claim:rt_hash']
// Some providers sign both types of token with the same iss, aud, kid and typ, and even copy nonce and azp into access
// tokens. These claims say what a token allows, or which client it is for; an ID Token has none of them.
const onlyInAccessTokens = ['scope', 'scp', 'client_id', 'permissions', 'cid', 'appid', 'appidacr', 'azpacr', 'gty']
// Values of the claims `typ` (Keycloak) and `token_use` (Cognito).
const accessTokenUses = ['bearer', 'dpop', 'at+jwt', 'access', 'access_token']
// ID Tokens are JWTs too, so this names no use.
const noUse = 'jwt'

// Types of the header that say no more than that the token is signed. SPIFFE allows both (JWT-SVID section 2.4).
const plainTypes = { rfc9068: [], jwt: ['jwt'], external: ['jwt', 'jose'] } as const satisfies Record<
  string,
  readonly string[]
>

/**
 * Rejects tokens that are not access tokens (RFC 8725 section 3.11). All profiles reject a `typ` other than an access
 * token's, `events` (logout and security event tokens), hashes that only ID Tokens contain, and claims that name
 * another type. `rfc9068` requires `typ: at+jwt` and rejects `nonce`. `jwt` also accepts tokens without that `typ`, if
 * they have at least one claim that only access tokens have. `external` requires no such claim, and rejects `nonce`.
 *
 * @returns whether the token has the `typ` of RFC 9068
 * @throws {TokenValidationError} `token_type_refused`
 */
export function requireAccessToken(
  header: JwsHeader,
  claims: Readonly<JsonObject>,
  profile: AccessTokenProfile,
): boolean {
  const type = mediaType(header.typ)
  const isDeclared = type === 'at+jwt'
  if (!isDeclared && !includes(plainTypes[profile], type))
    throw typeRefused(typeProblem(header, claims, profile), typeDetails(header.typ, profile))
  if ('events' in claims) throw typeRefused('is a logout token, or another event', { subject: 'events' })
  const hash = onlyInIdTokens.find((name) => name in claims)
  if (hash !== undefined) throw typeRefused(`is an ID Token: it has the claim "${hash}"`, { subject: hash })
  if (profile !== 'jwt' && 'nonce' in claims)
    throw typeRefused(`is an ID Token: it has a "nonce" (profile "${profile}")`, {
      subject: 'nonce',
      option: 'profile',
    })
  const isNamed = requireAccessTokenUse(claims)
  if (isDeclared || isNamed || profile === 'external') return isDeclared
  if (onlyInAccessTokens.some((name) => name in claims)) return isDeclared
  const hint = 'profile: "external" is for issuers at which nobody signs in to this application'
  const message = `has nothing that would tell it from an ID Token, such as "scope" or "client_id" (${hint})`
  throw typeRefused(message, { subject: 'scope or client_id', seen: 'missing', option: 'profile' })
}

/**
 * Rejects tokens that may come from a login of this process, for the profile `external`, in which nothing else shows that. The issuer
 * of that login may be this one, or the spelling of it in the token.
 *
 * @throws {TokenValidationError} `token_type_refused`
 */
export function requireNoLogin({ aud, iss }: Readonly<JsonObject>, issuer: string): void {
  const login = [issuer, iss].find(isLoginIssuer)
  if (login !== undefined) {
    throw typeRefused(
      `is from ${quoted(login)}, where an oidc() of this process signs people in: profile "external" is not for it`,
      { subject: 'iss', seen: quoted(login), option: 'profile' },
    )
  }
  const client = [aud]
    .flat()
    .find((one) => isLoginClient(one) || [issuer, iss].some((each) => isBroughtLogin(one, each)))
  if (client === undefined) return
  throw typeRefused(
    `names ${quoted(client)} in aud, the client ID of an oidc() of this process: it may be an ID Token`,
    { subject: 'aud', seen: quoted(client), option: 'profile' },
  )
}

/**
 * Rejects tokens whose claims name a type other than access token.
 *
 * @returns whether they name the access token
 * @throws {TokenValidationError} `token_type_refused`
 */
export function requireAccessTokenUse(claims: Readonly<JsonObject>): boolean {
  const { typ, token_use: tokenUse } = claims
  const subject = isOtherTokenUse(typ) ? 'typ' : isOtherTokenUse(tokenUse) ? 'token_use' : undefined
  if (subject !== undefined) {
    const other = claims[subject]
    const seen = typeof other === 'string' ? quotedName(other) : 'something'
    throw typeRefused(`calls itself ${seen}, which is not an access token`, { subject, seen })
  }
  return isAccessTokenUse(typ) || isAccessTokenUse(tokenUse)
}

function typeProblem(header: JwsHeader, claims: Readonly<JsonObject>, profile: AccessTokenProfile): string {
  const { typ } = header
  const seen = typ === undefined ? 'has no typ in its header' : `has the typ ${quotedName(typ)} in its header`
  if (!includes(plainTypes.jwt, mediaType(typ))) return seen
  const remedy = isForJwtProfile(header, claims)
    ? 'profile: "jwt" would take it'
    : 'it looks like an ID Token, which no profile takes: send the access token'
  return `${seen}, not "at+jwt" as profile "${profile}" wants (${remedy})`
}

function isForJwtProfile(header: JwsHeader, claims: Readonly<JsonObject>): boolean {
  try {
    requireAccessToken(header, claims, 'jwt')
    return true
  } catch {
    return false
  }
}

function includes(list: readonly string[], value: string): boolean {
  return list.includes(value)
}

// RFC 7515 section 4.1.9: "application/" may be omitted. A missing typ means the same as "JWT".
function mediaType(typ = 'jwt'): string {
  if (typ === 'at+jwt') return typ
  const type = typ.toLowerCase()
  return type.startsWith('application/') ? type.slice('application/'.length) : type
}

function isOtherTokenUse(word: unknown): boolean {
  return word !== undefined && !isAccessTokenUse(word) && !(typeof word === 'string' && word.toLowerCase() === noUse)
}

function isAccessTokenUse(word: unknown): boolean {
  return typeof word === 'string' && accessTokenUses.includes(word.toLowerCase())
}

function typeRefused(why: string, details?: OidcErrorDetails): TokenValidationError {
  return new TokenValidationError('token_type_refused', `the token ${why}`, { details })
}

function typeDetails(typ: string | undefined, profile: AccessTokenProfile): OidcErrorDetails {
  const expected = ['at+jwt', ...plainTypes[profile]].map(quoted).join(' or ')
  const seen = typ === undefined ? 'missing' : quotedName(typ)
  return { subject: 'typ', seen, expected, option: 'profile' }
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
