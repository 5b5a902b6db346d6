import { quoted } from '../base/error-cause.js'
import { isJsonObject } from '../base/json.js'
import type { OidcErrorDetails } from '../error-details.js'
import { invalidArgument, requireTexts, requireValues } from './arguments.js'
import {
  type ClaimPath,
  areReadable,
  isAbsentAt,
  isClaimPath,
  isLeftOut,
  isMembership,
  valueAt,
  valuesAt,
} from './claim-path.js'
import type { Principal } from './principal.js'
import { met, type NamedRequirement, type Verdict } from './requirement.js'

/** A value of a claim that {@link claim} can compare exactly. */
export type ClaimValue = string | number | boolean

/**
 * Requires a claim that equals one of the values, or a list that contains one of them.
 *
 * The requirement is undecided, and `not()` refuses too, if the token lacks a claim of groups or roles (such as `groups` or
 * `cognito:groups`) or has objects in it, or says that a claim was left out and can be fetched elsewhere (Entra's group overage).
 *
 * @example
 * ```ts
 * app.get('/beta', requireAuth(claim('department', 'engineering', 'design')), beta)
 * app.get('/shop', requireAuth(claim(['resource_access', 'shop', 'roles'], 'clerk')), listOrders)
 * ```
 *
 * @param path - the name of a claim, or a list of names: the path to a member inside a claim
 * @throws {ConfigurationError} `invalid_options`
 */
export function claim(path: ClaimPath, ...values: readonly ClaimValue[]): NamedRequirement {
  if (!isClaimPath(path))
    throw invalidArgument('claim() takes the name of a claim first, or a list of names as the way to it')
  const call = `claim(${quoted(path)})`
  const allowed = new Set<unknown>(requireValues(call, values, isClaimValue, 'strings, numbers or booleans'))
  const where = typeof path === 'string' ? path : [...path]
  return {
    kind: 'claim',
    check({ claims }) {
      if (valuesAt(claims, where).some((value) => allowed.has(value))) return met
      const isUnsaid = isLeftOut(claims, where) || (isMembership(where) && isUnknownAt(claims, where))
      return unmetClaim('claim', isUnsaid, seenAt(claims, [where], values))
    },
  }
}

/** Options of {@link role}. */
export interface RoleOptions {
  /** The claim that lists the roles, or the path to it, instead of the usual ones. In an object, such as Zitadel's, the names are the roles. */
  claim: ClaimPath
}

const usualClaims: readonly ClaimPath[] = ['roles', 'role', ['realm_access', 'roles']]

/**
 * Requires one of these roles in the claim `roles` or `role`, or in Keycloak's `realm_access.roles`; with `claim` as the last
 * argument, in that claim only. If the token has no such claim, or objects in its place, the requirement is undecided:
 * `not(role())` refuses too.
 *
 * @example
 * ```ts
 * app.delete('/orders/:id', requireAuth(role('admin', 'support')), removeOrder)
 * app.get('/shop', requireAuth(role('clerk', { claim: ['resource_access', 'shop', 'roles'] })), listOrders)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function role(
  ...args: readonly string[] | readonly [...roles: string[], options: RoleOptions]
): NamedRequirement {
  const { roles, paths, isNamed } = splitArguments(args)
  const allowed = new Set<unknown>(requireTexts('role', roles))
  return {
    kind: 'role',
    check({ claims }) {
      if (paths.some((path) => rolesAt(claims, path, isNamed).some((value) => allowed.has(value)))) return met
      return unmetClaim(
        'role',
        paths.every((path) => isAbsentAt(claims, path)) ||
          paths.some((path) => isLeftOut(claims, path) || !areReadable(rolesAt(claims, path, isNamed))),
        seenAt(claims, paths, roles),
      )
    },
  }
}

function splitArguments(args: readonly (string | RoleOptions)[]): {
  readonly roles: readonly string[]
  readonly paths: readonly ClaimPath[]
  readonly isNamed: boolean
} {
  const last = args.at(-1)
  const texts = args.filter((argument) => typeof argument === 'string')
  if (typeof last !== 'object' || Array.isArray(last)) {
    if (texts.length < args.length)
      throw invalidArgument('role() takes one or more strings, and optionally { claim } as the last argument')
    return { roles: texts, paths: usualClaims, isNamed: false }
  }
  const { claim: path, ...unknown } = last
  if (texts.length < args.length - 1 || !isClaimPath(path) || Object.keys(unknown).length > 0) {
    throw invalidArgument(
      'role() takes { claim } as its only options: the name of a claim, or a list of names as the way to it',
    )
  }
  return { roles: texts, paths: [typeof path === 'string' ? path : [...path]], isNamed: true }
}

function rolesAt(claims: Principal['claims'], path: ClaimPath, isNamed: boolean): readonly unknown[] {
  const value = isNamed ? valueAt(claims, path) : undefined
  return isJsonObject(value) ? Object.keys(value) : valuesAt(claims, path)
}

function isUnknownAt(claims: Principal['claims'], path: ClaimPath): boolean {
  return isAbsentAt(claims, path) || !areReadable(valuesAt(claims, path))
}

function unmetClaim(kind: string, isUndecided: boolean, details: OidcErrorDetails): Verdict {
  return { met: false, kind, details, ...(isUndecided ? { undecided: true } : {}) }
}

// The values that a person has are theirs alone. Those that are expected stand in the application's code.
function seenAt(
  claims: Principal['claims'],
  paths: readonly ClaimPath[],
  expected: readonly ClaimValue[],
): OidcErrorDetails {
  const seen = paths.every((path) => isAbsentAt(claims, path)) ? 'missing' : 'another value'
  return { subject: paths.map(quoted).join(' or '), seen, expected: expected.map(quoted).join(' or ') }
}

function isClaimValue(value: unknown): boolean {
  return typeof value === 'boolean' || Number.isFinite(value) || (typeof value === 'string' && value !== '')
}
