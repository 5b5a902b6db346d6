import { type JsonObject, type KeySet, type KeySetLayout, type SigningAlgorithm, corrupted, unsigned } from './keys.js'
import { signHmac } from '../kit/provider/keys.js'

/** What a signing fault has at hand. */
export interface Signing {
  readonly header: JsonObject
  readonly claims: JsonObject
  readonly keys: KeySet
  readonly clientSecret: string
}

/** The named points at which the provider lets a fault change what it is about to send. */
export interface Faults {
  readonly keySet?: KeySetLayout
  /** When the keys are replaced: at the second authorization request, or between the token request and the signature. */
  readonly rotates?: 'at the second authorization request' | 'before signing'
  readonly discovery?: (document: JsonObject) => JsonObject
  readonly authorization?: (response: URLSearchParams) => URLSearchParams
  /** Claims of a signed authorization response; `authorization` has changed its parameters before. */
  readonly responseClaims?: (claims: JsonObject) => JsonObject
  readonly responseSign?: (signing: Signing) => string
  /** What the end-session endpoint sends back with the browser. */
  readonly endSession?: (response: URLSearchParams) => URLSearchParams
  readonly header?: (header: JsonObject) => JsonObject
  readonly claims?: (claims: JsonObject) => JsonObject
  /** Claims of ID Tokens that a refresh brings; `claims` has changed them before. */
  readonly refreshedClaims?: (claims: JsonObject) => JsonObject
  readonly sign?: (signing: Signing) => string
  readonly logoutClaims?: (claims: JsonObject) => JsonObject
  readonly logoutSign?: (signing: Signing) => string
  readonly token?: (response: JsonObject) => JsonObject
  readonly userinfo?: (claims: JsonObject) => JsonObject
  /** Sends the userinfo response as a JWT that is signed with this algorithm. */
  readonly userinfoSigned?: SigningAlgorithm
}

/** Appends text to a string member. */
export function append(name: string, text: string): (members: JsonObject) => JsonObject {
  return (members) => ({ ...members, [name]: `${String(members[name])}${text}` })
}

/** Leaves a member out. */
export function without(name: string): (members: JsonObject) => JsonObject {
  return (members) => Object.fromEntries(Object.entries(members).filter(([key]) => key !== name))
}

/** Puts another value in a member's place, made from the old one. */
export function replaced(name: string, value: (old: unknown) => unknown): (members: JsonObject) => JsonObject {
  return (members) => ({ ...members, [name]: value(members[name]) })
}

/** Sets a parameter of the authorization response, or leaves it out. */
export function parameter(name: string, value: ((old: string) => string) | undefined) {
  return (response: URLSearchParams): URLSearchParams => {
    const changed = new URLSearchParams(response)
    if (value === undefined) changed.delete(name)
    else changed.set(name, value(response.get(name) ?? ''))
    return changed
  }
}

/** Answers the authorization request with an error (RFC 6749 section 4.1.2.1). */
export function refusal(error: string) {
  return (response: URLSearchParams): URLSearchParams => {
    const changed = new URLSearchParams(response)
    changed.delete('code')
    changed.set('error', error)
    changed.set('error_description', 'This is what the module sends')
    return changed
  }
}

/** Signs with the right key and algorithm, then spoils the signature. */
export function spoiltSignature({ header, claims, keys }: Signing): string {
  return corrupted(keys.sign(header, claims))
}

/** Signs with HS256 and the client secret, then spoils the signature. */
export function spoiltHmac({ header, claims, clientSecret }: Signing): string {
  return corrupted(signHmac({ ...header, alg: 'HS256' }, claims, clientSecret))
}

/** Sends `alg: none` and no signature. */
export function noSignature({ header, claims }: Signing): string {
  return unsigned(without('kid')({ ...header, alg: 'none' }), claims)
}

/** Signs properly, with the right key, by an algorithm other than the registered one. */
export function otherAlgorithm(alg: SigningAlgorithm): (signing: Signing) => string {
  return ({ header, claims, keys }) => keys.sign({ ...header, alg }, claims)
}

/** The value as a fault leaves it. */
export function applied<Value>(fault: ((value: Value) => Value) | undefined, value: Value): Value {
  return fault === undefined ? value : fault(value)
}
