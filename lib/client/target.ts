import type { TokenTargetOptions } from '../options/client/options.js'
import { type ClientCredentialsConfiguration, parseTokenTarget } from '../options/client/schema.js'
import type { TokenTarget } from '../provider/endpoints/token.js'

/** Whatever the server gives by default. */
export const noTarget: TokenTarget = { scope: '', resource: [], audience: [] }

/** Names the tokens of one client at one issuer, by their target. */
export function keysFor({
  issuer,
  clientId,
}: Pick<ClientCredentialsConfiguration, 'issuer' | 'clientId'>): (target: TokenTarget) => string {
  const client = JSON.stringify([issuer, clientId])
  return (target) => client + targetKey(target)
}

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

/** One text per target: no two of them are spelled alike, whatever stands in the names, since each tells its length. */
export function targetKey({ scope, resource, audience }: TokenTarget): string {
  return `${spelled([scope])}${spelled(resource)}${spelled(audience)}`
}

function spelled(names: readonly string[]): string {
  let text = `${names.length};`
  for (const name of names) text += `${name.length}:${name}`
  return text
}

const members = new Set(['scope', 'resource', 'audience'])

// The whole check is made when a token is asked for; here, whatever would share a key with a good request.
function isWellTyped(request: Readonly<TokenTargetOptions> | null): boolean {
  if (typeof request !== 'object' || request === null) return false
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
  if (typeof names === 'string') return [names]
  return names.length < 2 ? names : [...new Set(names)].sort()
}
