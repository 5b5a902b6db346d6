import { ConfigurationError } from '../errors.js'
import type { JsonObject } from '../seal/json.js'

/** Finds the scopes of a token. */
export type ScopeMapper = (claims: Readonly<JsonObject>) => Iterable<string>

/** Scopes as issuers write them: `scope` (RFC 9068 section 2.2.3), `scp` and `permissions`; as a string or as a list. */
export const scopesOf: ScopeMapper = (claims) => {
  const { scope, scp, permissions } = claims
  const found = list(scope)
  return scp === undefined && permissions === undefined
    ? found
    : new Set([...found, ...list(scp), ...list(permissions)])
}

/**
 * The application's own way to find them.
 *
 * @returns a mapper that throws {@link ConfigurationError} `invalid_options` where the function gives no list of strings
 */
export function customScopes(find: (claims: Readonly<JsonObject>) => unknown): ScopeMapper {
  return (claims) => {
    const found = find(claims)
    const scopes: readonly unknown[] = Array.isArray(found) ? found : found instanceof Set ? [...found] : [undefined]
    if (scopes.every((scope) => typeof scope === 'string')) return scopes
    throw new ConfigurationError('invalid_options', 'bearer(): "scopes" must return an array, or a set, of strings')
  }
}

function list(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((scope) => scope !== '')
  return Array.isArray(value) ? value.filter((scope) => typeof scope === 'string') : []
}
