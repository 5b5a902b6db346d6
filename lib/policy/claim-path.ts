import { isAbsent, isJsonObject } from '../base/json.js'
import type { Principal } from './principal.js'

type Claims = Principal['claims']

/**
 * Where a value stands in the claims: the name of a claim, or the names on the way to a member inside it. A string is always
 * one name, whatever characters it has, such as `cognito:groups` or `https://example.com/roles`.
 */
export type ClaimPath = string | readonly string[]

// Names of claims that list a person's groups: `groups`, `role`, `cognito:groups`, `https://example.com/roles`.
const membership = /(?:^|[^A-Za-z])(?:group|role)s?$/i

/** The value at a path of own properties; `undefined` for none. A list has no members by name. */
export function valueAt(claims: Claims, path: ClaimPath): unknown {
  let value: unknown = claims
  for (const name of namesOf(path)) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

/** The values at a path: the members of a list, or the one that is there. */
export function valuesAt(claims: Claims, path: ClaimPath): readonly unknown[] {
  const value = valueAt(claims, path)
  if (Array.isArray(value)) return value
  return isAbsent(value) ? [] : [value]
}

/** Whether the claims say nothing at a path. */
export function isAbsentAt(claims: Claims, path: ClaimPath): boolean {
  return isAbsent(valueAt(claims, path))
}

/** Whether groups or roles can be read from values: they are names, and not objects of a provider's own kind. */
export function areReadable(values: readonly unknown[]): boolean {
  return values.every((value) => typeof value !== 'object' || value === null)
}

/** Whether a path leads to groups or roles, by its name. */
export function isMembership(path: ClaimPath): boolean {
  return membership.test(namesOf(path).at(-1) ?? '')
}

/**
 * Whether a claim was left out of a token, which says where it can be fetched instead (OpenID Connect Core section 5.6.2), as Entra
 * does with more groups than fit.
 */
export function isLeftOut(claims: Claims, path: ClaimPath): boolean {
  const [name = ''] = namesOf(path)
  const names = valueAt(claims, '_claim_names')
  if (isJsonObject(names) && Object.hasOwn(names, name)) return isAbsentAt(claims, name)
  // Entra's word in tokens that come by a browser.
  const word = valueAt(claims, 'hasgroups')
  return name === 'groups' && (word === true || word === 'true') && isAbsentAt(claims, name)
}

/** Whether the groups were left out of a token. */
export function areGroupsLeftOut(claims: Claims): boolean {
  return isLeftOut(claims, 'groups')
}

/** Whether an argument is a path. */
export function isClaimPath(path: unknown): path is ClaimPath {
  const names: unknown = typeof path === 'string' ? [path] : path
  return Array.isArray(names) && names.length > 0 && names.every((name) => typeof name === 'string' && name !== '')
}

function namesOf(path: ClaimPath): readonly string[] {
  return typeof path === 'string' ? [path] : path
}
