import { freezeJson, type JsonObject, parseJsonObject } from '../base/json.js'
import { type IdTokenClaims, isIdTokenClaims } from '../jose/id-token-claims.js'

/** The parts of a session that have claims. */
interface Claimed {
  readonly idToken: string
  readonly userinfo?: Readonly<JsonObject>
}

// Claims of the protocol, which do not describe the person.
const protocolClaims = new Set([
  'aud',
  'exp',
  'iat',
  'nbf',
  'nonce',
  'azp',
  'at_hash',
  'c_hash',
  's_hash',
  'jti',
  'sid',
])

// What a login proves, and for whom: only the signed ID Token says that.
const idTokenOnly: ReadonlySet<string> = new Set([
  ...protocolClaims,
  'iss',
  'sub',
  'acr',
  'amr',
  'auth_time',
  'cnf',
  'events',
  'act',
  'may_act',
])

/** Claims that say of another one that it was verified (OpenID Connect Core section 5.1). */
const verifications = [
  ['email_verified', 'email'],
  ['phone_number_verified', 'phone_number'],
] as const

/**
 * The claims that a UserInfo response adds to those of an ID Token: whatever the ID Token lacks, except the protocol's
 * claims and those about the authentication. With `email_verified` comes the address that it is about.
 */
export function addedClaims(claims: IdTokenClaims, userinfo: Readonly<JsonObject>): Readonly<JsonObject> {
  const isLacking = (name: string): boolean => !Object.hasOwn(claims, name)
  const isVerified = (name: string): boolean =>
    verifications.some(([flag, value]) => value === name && Object.hasOwn(userinfo, flag) && isLacking(flag))
  const added = Object.entries(userinfo).filter(
    ([name]) => !idTokenOnly.has(name) && (isLacking(name) || isVerified(name)),
  )
  return freezeJson(Object.fromEntries(added))
}

/**
 * Keeps what was decoded of a record, for all requests that share it. It does not go along with a copy of the record: that may have
 * another ID Token.
 */
export class DecodedClaims {
  #idToken: IdTokenClaims | undefined
  #person: IdTokenClaims | undefined

  /** The record itself if it can keep its claims, otherwise a copy that can. */
  static keptBy<T extends Claimed>(record: T): T {
    return #idToken in record ? record : Object.assign(new DecodedClaims(), record)
  }

  /** The claims of a record's ID Token, which are decoded once if the record can keep them. */
  static ofIdToken(record: Pick<Claimed, 'idToken'>): IdTokenClaims {
    return #idToken in record ? (record.#idToken ??= decoded(record)) : decoded(record)
  }

  /** The same of the claims about the person. */
  static ofPerson(record: Claimed): IdTokenClaims {
    if (!(#person in record)) return aboutPerson(sessionClaims(record))
    return (record.#person ??= aboutPerson(sessionClaims(record)))
  }
}

/** The claims of a session: those of the ID Token, and those that the UserInfo endpoint added. Frozen. */
export function sessionClaims(record: Claimed): IdTokenClaims {
  return withUserinfo(idTokenClaims(record), record.userinfo)
}

/**
 * The claims of an ID Token with further ones: the ID Token's win. That an address was verified is left out where the ID Token has
 * another address.
 */
export function withUserinfo(claims: IdTokenClaims, added: Readonly<JsonObject> | undefined): IdTokenClaims {
  if (added === undefined) return claims
  const merged: Record<string, unknown> & IdTokenClaims = { ...added, ...claims }
  for (const [flag, value] of verifications) {
    if (!Object.hasOwn(claims, flag) && merged[value] !== added[value]) Reflect.deleteProperty(merged, flag)
  }
  return Object.freeze(merged)
}

/**
 * The claims of the ID Token, frozen. The token is only decoded here: it was validated at login, and has been sealed
 * since.
 */
export function idTokenClaims(record: Pick<Claimed, 'idToken'>): IdTokenClaims {
  return DecodedClaims.ofIdToken(record)
}

function decoded({ idToken }: Pick<Claimed, 'idToken'>): IdTokenClaims {
  const begin = idToken.indexOf('.') + 1
  const payload = Buffer.from(idToken.slice(begin, idToken.indexOf('.', begin)), 'base64url')
  const claims = parseJsonObject(payload.toString())
  if (claims === undefined || !isIdTokenClaims(claims)) throw new TypeError('a session must hold a validated ID Token')
  return freezeJson(claims)
}

/**
 * The ID Token without header and signature, which need more room than a cookie has. The claims can still be trusted:
 * they were validated at login, and are sealed. The result looks like a token, with an empty first and third segment.
 */
export function withoutProof(idToken: string): string {
  return `.${idToken.split('.')[1] ?? ''}.`
}

/** The ID Token as the provider issued it; `undefined` if the cookie had room for its claims only. */
export function issuedIdToken({ idToken }: Pick<Claimed, 'idToken'>): string | undefined {
  return idToken.startsWith('.') ? undefined : idToken
}

/** The claims of a session that are about the person: all except those of the protocol. Frozen. */
export function personClaims(record: Claimed): IdTokenClaims {
  return DecodedClaims.ofPerson(record)
}

function aboutPerson(claims: IdTokenClaims): IdTokenClaims {
  const person: Record<string, unknown> = {}
  for (const name of Object.keys(claims)) if (!protocolClaims.has(name)) person[name] = claims[name]
  const { iss, sub } = claims
  return Object.freeze(Object.assign(person, { iss, sub }))
}
