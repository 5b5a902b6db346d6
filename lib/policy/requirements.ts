import { ConfigurationError } from '../errors.js'
import { isJsonObject } from '../base/json.js'
import type { Principal } from './principal.js'
import { met, type NamedRequirement, type Verdict } from './requirement.js'

/** A claim's value that can be compared exactly. */
export type ClaimValue = string | number | boolean

/**
 * Requires every one of the scopes to have been granted.
 *
 * @see RFC 6750 section 3.1, `insufficient_scope`
 */
export function scope(...scopes: readonly string[]): NamedRequirement {
  const wanted = refuseNonTexts('scope', scopes).flatMap((value) => value.split(' ').filter((part) => part !== ''))
  return {
    kind: 'scope',
    check: ({ scopes: granted }) =>
      wanted.every((value) => granted.includes(value)) ? met : { met: false, kind: 'scope', scopes: wanted },
  }
}

/**
 * Requires every one of the permissions in the claim `permissions`: what a person may do at this API, whichever client is
 * used (Auth0's RBAC). It says nothing about what the client was granted, which `scope()` asks for.
 */
export function permission(...permissions: readonly string[]): NamedRequirement {
  const wanted = refuseNonTexts('permission', permissions)
  return {
    kind: 'permission',
    check({ claims }) {
      const given = permissionsOf(claims)
      return verdict(
        'permission',
        wanted.every((value) => given.includes(value)),
      )
    },
  }
}

/**
 * Requires a person: somebody who signed in here, or on whose behalf a client acts. Refuses where the access token does not
 * tell, under `not()` too.
 */
export function person(): NamedRequirement {
  return actor('person', false)
}

/**
 * Requires a machine: a client that acts for itself. Refuses where the access token does not tell, under `not()` too.
 *
 * @see RFC 9068 section 5
 */
export function machine(): NamedRequirement {
  return actor('machine', true)
}

/** Requires a claim to equal one of the values, or, where the claim is a list, to contain one of them. */
export function claim(name: string, ...values: readonly ClaimValue[]): NamedRequirement {
  if (typeof name !== 'string' || name === '') throw invalid('claim() takes the name of a claim first')
  const allowed = new Set<unknown>(
    refuseEmpty(`claim("${name}")`, values, isClaimValue, 'strings, numbers or booleans'),
  )
  return {
    kind: 'claim',
    check: ({ claims }) =>
      verdict(
        'claim',
        valuesOf(claims, name).some((value) => allowed.has(value)),
      ),
  }
}

/** Requires one of the roles in the `roles` or `role` claim, or in Keycloak's `realm_access.roles`. */
export function role(...roles: readonly string[]): NamedRequirement {
  const allowed = new Set<unknown>(refuseNonTexts('role', roles))
  return {
    kind: 'role',
    check: ({ claims }) =>
      verdict(
        'role',
        rolesOf(claims).some((value) => allowed.has(value)),
      ),
  }
}

/**
 * Requires the authentication to have been of one of these context classes; a browser is sent to sign in again.
 *
 * @see RFC 9470 section 3, OpenID Connect Core section 2 (`acr`)
 */
export function acr(...values: readonly string[]): NamedRequirement {
  const allowed = refuseNonTexts('acr', values)
  // On the wire they are separated by spaces (OpenID Connect Core section 3.1.2.1).
  if (allowed.some((value) => /\s/.test(value))) throw invalid('acr() takes each value as an argument of its own')
  return {
    kind: 'acr',
    firstLogin: { acrValues: allowed },
    check({ claims }): Verdict {
      const reached = claims['acr']
      return typeof reached === 'string' && allowed.includes(reached)
        ? met
        : { met: false, kind: 'acr', stepUp: { acrValues: allowed } }
    },
  }
}

/**
 * Requires the person to have authenticated at most so many seconds ago; a browser is sent to sign in again.
 *
 * @param seconds A whole number from 1 on: after the way back from the provider no login is younger.
 * @param now Milliseconds since the epoch.
 * @see RFC 9470 section 3, OpenID Connect Core section 2 (`auth_time`)
 */
export function maxAge(seconds: number, now: () => number = Date.now): NamedRequirement {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 999_999_999) {
    throw invalid('maxAge() takes a whole number of seconds, at least 1')
  }
  return {
    kind: 'maxAge',
    firstLogin: { maxAge: seconds },
    check({ claims }): Verdict {
      const at = claims['auth_time']
      const age = typeof at === 'number' ? now() / 1000 - at : Number.NaN
      // A time in the future is no proof of a recent login; a minute is left for clocks that differ.
      return age >= -60 && age <= seconds ? met : { met: false, kind: 'maxAge', stepUp: { maxAge: seconds } }
    },
  }
}

function verdict(kind: string, fulfilled: boolean): Verdict {
  return fulfilled ? met : { met: false, kind }
}

function actor(kind: string, wanted: boolean): NamedRequirement {
  return {
    kind,
    check({ isMachine }): Verdict {
      if (isMachine === wanted) return met
      return { met: false, kind, ...(typeof isMachine === 'boolean' ? {} : { undecided: true }) }
    },
  }
}

function permissionsOf(claims: Principal['claims']): readonly unknown[] {
  const { permissions } = claims
  return typeof permissions === 'string' ? permissions.split(' ') : valuesOf(claims, 'permissions')
}

function valuesOf(claims: Principal['claims'], name: string): readonly unknown[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined
  return Array.isArray(value) ? value : [value]
}

function rolesOf(claims: Principal['claims']): readonly unknown[] {
  const realm = claims['realm_access']
  return [
    ...valuesOf(claims, 'roles'),
    ...valuesOf(claims, 'role'),
    ...(isJsonObject(realm) ? valuesOf(realm, 'roles') : []),
  ]
}

function refuseNonTexts(call: string, values: readonly string[]): readonly string[] {
  const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''
  return refuseEmpty(`${call}()`, values, isText, 'strings')
}

function isClaimValue(value: unknown): boolean {
  return typeof value === 'boolean' || Number.isFinite(value) || (typeof value === 'string' && value !== '')
}

// What compares with nothing would let everyone in, or no one; a list in place of arguments does the same.
function refuseEmpty<T>(
  call: string,
  values: readonly T[],
  isValue: (value: unknown) => boolean,
  kinds: string,
): readonly T[] {
  if (values.length > 0 && values.every(isValue)) return values
  throw invalid(`${call} takes one or more ${kinds}, none of them empty, each as an argument of its own`)
}

function invalid(message: string): ConfigurationError {
  return new ConfigurationError('invalid_options', message)
}
