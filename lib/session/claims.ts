import { freezeJson, parseJsonObject } from '../seal/json.js'
import type { SessionRecord } from './record.js'

/** Claims of a session's ID Token. */
export type IdTokenClaims = Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string }

// Members of the protocol, of no use to an application that wants to know who someone is.
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

/** The claims of the ID Token, frozen. It was validated at login and sealed since, so that it is only decoded here. */
export function idTokenClaims(record: SessionRecord): IdTokenClaims {
  const claims = parseJsonObject(Buffer.from(record.idToken.split('.')[1] ?? '', 'base64url').toString()) ?? {}
  const { iss, sub } = claims
  if (typeof iss !== 'string' || typeof sub !== 'string')
    throw new TypeError('a session must hold a validated ID Token')
  return freezeJson({ ...claims, iss, sub })
}

/** What the claims tell of the person: all but those of the protocol. */
export function personClaims(claims: IdTokenClaims): IdTokenClaims {
  const { iss, sub } = claims
  const person = Object.entries(claims).filter(([name]) => !protocolClaims.has(name))
  return Object.freeze({ ...Object.fromEntries(person), iss, sub })
}
