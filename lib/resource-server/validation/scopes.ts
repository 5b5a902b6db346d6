import { ConfigurationError } from '../../errors.js'
import type { JsonObject } from '../../base/json.js'

/** Returns the scopes of a token as a frozen list. */
export type ScopeMapper = (claims: Readonly<JsonObject>) => readonly string[]

const maxKnown = 256
const maxKnownLength = 1024

/**
 * Reads scopes as issuers write them: `scope` (RFC 9068 section 2.2.3) and `scp`, as a string or a list. `permissions` are
 * not scopes: they say what a person may do at an API, which does not mean that the client was granted it.
 */
export function standardScopes(): ScopeMapper {
  return ({ scope, scp }) => (scp === undefined ? list(scope) : Object.freeze([...new Set(scopesIn({ scope, scp }))]))
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
  return scp === undefined ? list(scope) : [...list(scope), ...list(scp)]
}

function list(value: unknown): readonly string[] {
  if (typeof value === 'string') return split(value)
  return Object.freeze(
    Array.isArray(value) ? value.flatMap((text: unknown) => (typeof text === 'string' ? split(text) : [])) : [],
  )
}

const known = new Map<string, readonly string[]>()

// Few values occur, so each is split only once. The tokens that they come from are verified.
function split(text: string): readonly string[] {
  const found = known.get(text)
  if (found !== undefined) return found
  const scopes = Object.freeze(text.split(' ').filter((scope) => scope !== ''))
  if (text.length > maxKnownLength) return scopes
  if (known.size >= maxKnown) known.clear()
  known.set(text, scopes)
  return scopes
}
