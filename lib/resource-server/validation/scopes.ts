import { ConfigurationError } from '../../errors.js'
import type { JsonObject } from '../../base/json.js'

/** Returns the scopes of a token as a frozen list. */
export type ScopeMapper = (claims: Readonly<JsonObject>) => readonly string[]

const maxKnown = 256
const maxKnownLength = 1024

/**
 * Reads scopes as issuers write them: `scope` (RFC 9068 section 2.2.3) and `scp`, as a string or a list. Few values of
 * `scope` occur, so each is split only once. `permissions` are not scopes: they say what a person may do at an API,
 * which does not mean that the client was granted it.
 */
export function standardScopes(): ScopeMapper {
  const known = new Map<string, readonly string[]>()
  return ({ scope, scp }) => {
    const found = typeof scope === 'string' ? known.get(scope) : undefined
    if (scp !== undefined) return Object.freeze([...new Set(scopesIn({ scope, scp }))])
    if (found !== undefined) return found
    const scopes = Object.freeze(list(scope))
    if (typeof scope !== 'string' || scope.length > maxKnownLength) return scopes
    if (known.size >= maxKnown) known.clear()
    known.set(scope, scopes)
    return scopes
  }
}

/**
 * Wraps the application's own function.
 *
 * @returns a mapper that throws {@link ConfigurationError} `invalid_options` if the function does not return strings
 */
export function customScopes(find: (claims: Readonly<JsonObject>) => unknown): ScopeMapper {
  return (claims) => {
    const found = find(claims)
    const scopes: readonly unknown[] = Array.isArray(found) ? found : found instanceof Set ? [...found] : [undefined]
    if (scopes.every((scope) => typeof scope === 'string')) return Object.freeze([...scopes])
    throw new ConfigurationError('invalid_options', 'bearer(): "scopes" must return an array, or a set, of strings')
  }
}

/** The scopes in `scope` and `scp`. */
export function scopesIn({ scope, scp }: Readonly<JsonObject>): readonly string[] {
  return [...list(scope), ...list(scp)]
}

function list(value: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  return texts.flatMap((text) => (typeof text === 'string' ? text.split(' ').filter((scope) => scope !== '') : []))
}
