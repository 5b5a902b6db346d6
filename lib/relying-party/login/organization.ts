import { TokenValidationError } from '../../errors.js'
import { isJsonObject } from '../../base/json.js'
import type { IdTokenClaims } from '../../jose/id-token-claims.js'

/**
 * Checks that a person has signed in for the organization that was requested. Anyone can make a link to the login route,
 * and providers may let people choose another organization.
 *
 * @param claims - those of the ID Token
 * @throws {TokenValidationError} `token_claim_missing`, `token_claim_invalid`
 */
export function requireOrganization(claims: IdTokenClaims, organization: string | undefined): void {
  if (organization === undefined) return
  const { org_id: id, org_name: name, organization: named } = claims
  if ([id, name, named].every((claim) => claim === undefined)) {
    const message =
      'the login asked for an organization, but the ID Token has none of the claims org_id, org_name and organization'
    const details = { subject: 'org_id, org_name or organization', seen: 'missing' }
    throw new TokenValidationError('token_claim_missing', message, { details })
  }
  // An organization must not pass for another one whose ID it has as its name.
  const isName = !organization.startsWith('org_') && isSameName(name, organization)
  if (id === organization || isName || isNamedIn(named, organization)) return
  const message = 'the ID Token is for another organization than the login asked for'
  const details = { subject: 'org_id, org_name or organization', seen: 'another value' }
  throw new TokenValidationError('token_claim_invalid', message, { details })
}

// Auth0 writes names in lower case.
function isSameName(name: unknown, organization: string): boolean {
  return typeof name === 'string' && name.toLowerCase() === organization.toLowerCase()
}

// Keycloak lists the aliases of organizations, or has them as members with details.
function isNamedIn(named: unknown, organization: string): boolean {
  if (Array.isArray(named)) return named.includes(organization)
  return isJsonObject(named) ? Object.hasOwn(named, organization) : named === organization
}
