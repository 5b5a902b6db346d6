import { ConfigurationError } from '../errors.js'
import type { JsonObject } from '../seal/json.js'

/** Finds the scopes of a token: a frozen list. */
export type ScopeMapper = (claims: Readonly<JsonObject>) => readonly string[]

const maxKnown = 256
const longestKnown = 1024

/**
 * Scopes as issuers write them: `scope` (RFC 9068 section 2.2.3), `scp` and `permissions`; as a string or as a list. The few
 * texts that `scope` is made of again and again are taken apart once.
 */
export function standardScopes(): ScopeMapper {
  const known = new Map<string, readonly string[]>()
  return ({ scope, scp, permissions }) => {
    const found = typeof scope === 'string' ? known.get(scope) : undefined
    if (scp !== undefined || permissions !== undefined) {
      return Object.freeze([...new Set([...list(scope), ...list(scp), ...list(permissions)])])
    }
    if (found !== undefined) return found
    const scopes = Object.freeze(list(scope))
    if (typeof scope !== 'string' || scope.length > longestKnown) return scopes
    if (known.size >= maxKnown) known.clear()
    known.set(scope, scopes)
    return scopes
  }
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
    if (scopes.every((scope) => typeof scope === 'string')) return Object.freeze([...scopes])
    throw new ConfigurationError('invalid_options', 'bearer(): "scopes" must return an array, or a set, of strings')
  }
}

function list(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ').filter((scope) => scope !== '')
  return Array.isArray(value) ? value.filter((scope) => typeof scope === 'string') : []
}
