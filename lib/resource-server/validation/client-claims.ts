import type { JsonObject } from '../../base/json.js'
import { isFilled, personScopeIn } from './machine-claims.js'
import { scopesIn } from './scopes.js'

/** Claims of tokens and grants. They say nothing of a person. */
const protocolClaims = new Set(
  `iss aud exp nbf iat jti scope scp cnf typ token_use token_type active ver version tid client_id azp azpacr cid appid
  appidacr apptype`.split(/\s+/),
)

// Such as IdentityServer's `client_` before each claim of a client, and Keycloak's `clientHost`.
const aboutClients = /^client(?!.*(?:user|person|owner|login|mail|sub))/i

/**
 * What keeps a token without a subject from being its client's own: the first scope that asks for a person, or claim that
 * is not known to be of the protocol or about the client. How providers call what they know of people has no end.
 *
 * @param allowed - further claims that the application knows to say nothing of a person
 * @returns words for the log, or `undefined` where nothing does
 */
export function mayBePersonIn(
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

// In what is nested there may be anything.
function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isPlain) : typeof value !== 'object'
}
