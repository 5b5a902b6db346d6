import { hash } from 'node:crypto'
import { isTextOrAbsent } from '../base/json.js'
import type { TokenTargetOptions } from '../options/client/options.js'
import { type ClientCredentialsConfiguration, parseTokenTarget } from '../options/client/schema.js'
import { detailsText } from '../options/authorization-details/schema.js'
import type { TokenTarget } from '../provider/endpoints/token.js'

/** The authorization server's default target. */
export const defaultTarget: TokenTarget = { scope: '', resource: [], audience: [] }

/** Returns a function that makes the cache key of a target, for one client at one issuer. */
export function keysFor({
  issuer,
  clientId,
}: Pick<ClientCredentialsConfiguration, 'issuer' | 'clientId'>): (target: TokenTarget) => string {
  const client = JSON.stringify([issuer, clientId])
  return (target) => client + targetKey(target)
}

/**
 * Normalises a target: sorted, without duplicates. Missing members come from the defaults.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function canonicalTarget(request: TokenTargetOptions, defaults: TokenTarget): TokenTarget {
  const { scope, resource, audience, authorizationDetails } = isWellTyped(request) ? request : parseTokenTarget(request)
  const details = authorizationDetails === undefined ? defaults.authorizationDetails : detailsText(authorizationDetails)
  return {
    scope: scope === undefined ? defaults.scope : canonicalScope(scope),
    resource: resource === undefined ? defaults.resource : canonicalNames(resource),
    audience: audience === undefined ? defaults.audience : canonicalNames(audience),
    ...(details === undefined ? {} : { authorizationDetails: details }),
  }
}

/** Encodes a target unambiguously: each name is preceded by its length, so two targets never have the same key. */
function targetKey({ scope, resource, audience, authorizationDetails }: TokenTarget): string {
  const details = authorizationDetails === undefined ? '' : encodeNames([authorizationDetails])
  return `${encodeNames([scope])}${encodeNames(resource)}${encodeNames(audience)}${details}`
}

/** A hash that identifies a token in a key, so that the token itself is not kept. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'base64url')
}

function encodeNames(names: readonly string[]): string {
  let text = `${names.length};`
  for (const name of names) text += `${name.length}:${name}`
  return text
}

const members = new Set(['scope', 'resource', 'audience', 'authorizationDetails'])

// A quick check of the types that the key depends on. The full validation runs only when a token is fetched.
function isWellTyped(request: Readonly<TokenTargetOptions> | null): boolean {
  if (typeof request !== 'object' || request === null) return false
  for (const name in request) if (!members.has(name)) return false
  const { scope, resource, audience, authorizationDetails: details } = request
  return (
    isTextOrAbsent(scope) &&
    isNames(resource) &&
    isNames(audience) &&
    (isTextOrAbsent(details) || Array.isArray(details))
  )
}

function isNames(names: unknown): boolean {
  return isTextOrAbsent(names) || (Array.isArray(names) && names.every((name) => typeof name === 'string'))
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
