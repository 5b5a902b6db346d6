import type { JsonObject } from '../../base/json.js'
import { isFilled, personScopeIn } from './machine-claims.js'
import { scopesIn } from './scopes.js'

/** Claims about the token and the grant. They say nothing about a person. */
const protocolClaims = new Set(
  `iss aud exp nbf iat jti scope scp cnf typ token_use token_type active ver version tid client_id azp azpacr cid appid
  appidacr apptype`.split(/\s+/),
)

// IdentityServer prefixes a client's claims with `client_`; Keycloak adds `clientHost`, for example.
const aboutClients = /^client(?!.*(?:user|person|owner|login|mail|sub))/i

/**
 * Finds a reason why a token without a subject may be about a person, and not about its client: the first scope that
 * concerns a person, or the first claim that is not known to be about the protocol or the client. This is a list of
 * what is allowed, because providers have endless names for what they know about people.
 *
 * @param allowed - more claims that, as the application knows, say nothing about a person
 * @returns a phrase for the log, or `undefined` if there is no such scope or claim
 */
export function findSignOfPerson(
  claims: Readonly<JsonObject>,
  scopes: readonly string[],
  allowed: readonly string[],
): string | undefined {
  const scope = personScopeIn([...scopes, ...scopesIn(claims)])
  if (scope !== undefined) return `the scope "${scope}"`
  const names = Object.keys(claims).filter((name) => isFilled(claims[name]) && !allowed.includes(name))
  const name = names.find((candidate) => !isOfClient(candidate, claims[candidate]))
  return name === undefined ? undefined : `the claim ${JSON.stringify(name.slice(0, 80))}`
}

function isOfClient(name: string, value: unknown): boolean {
  return (protocolClaims.has(name) || aboutClients.test(name)) && (name === 'cnf' || isPlain(value))
}

// Objects may contain anything, so they are not plain.
function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isPlain) : typeof value !== 'object'
}
