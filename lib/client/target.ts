import type { TokenTargetOptions } from '../options/client-options.js'
import { parseTokenTarget } from '../options/client-schema.js'
import type { TokenTarget } from '../provider/token-target.js'

/**
 * Brings a target into its one form: sorted, without repetitions. What is left out is taken from the defaults.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function canonicalTarget(request: TokenTargetOptions, defaults: TokenTarget): TokenTarget {
  const { scope, resource, audience } = isWellTyped(request) ? request : parseTokenTarget(request)
  return {
    scope: scope === undefined ? defaults.scope : canonicalScope(scope),
    resource: resource === undefined ? defaults.resource : canonicalNames(resource),
    audience: audience === undefined ? defaults.audience : canonicalNames(audience),
  }
}

/** One text per target and client: no two of them are spelled alike, whatever stands in the names. */
export function targetKey(client: readonly [issuer: string, clientId: string], target: TokenTarget): string {
  return JSON.stringify([...client, target.scope, target.resource, target.audience])
}

const members = new Set(['scope', 'resource', 'audience'])

// The whole check is made when a token is asked for; here, whatever would share a key with a good request.
function isWellTyped(request: TokenTargetOptions): boolean {
  if (typeof request !== 'object') return false
  for (const name in request) if (!members.has(name)) return false
  return isText(request.scope) && isNames(request.resource) && isNames(request.audience)
}

function isNames(names: unknown): boolean {
  return isText(names) || (Array.isArray(names) && names.every((name) => typeof name === 'string'))
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

function canonicalScope(scope: string): string {
  if (!scope.includes(' ')) return scope
  return [...new Set(scope.split(' '))]
    .filter((name) => name !== '')
    .sort()
    .join(' ')
}

function canonicalNames(names: string | readonly string[]): readonly string[] {
  return typeof names === 'string' ? [names] : [...new Set(names)].sort()
}
