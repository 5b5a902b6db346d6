import { isRecent } from '../base/age.js'
import { quoted } from '../base/error-cause.js'
import type { OidcErrorDetails } from '../error-details.js'
import { invalidArgument, requireTexts } from './arguments.js'
import type { Principal } from './principal.js'
import { met, type NamedRequirement, type Verdict } from './requirement.js'

/**
 * Requires that every one of these scopes was granted.
 *
 * @example
 * ```ts
 * app.get('/orders', requireAuth(scope('orders:read')), listOrders)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 */
export function scope(...scopes: readonly string[]): NamedRequirement {
  const wanted = requireTexts('scope', scopes).flatMap((value) => value.split(' ').filter((part) => part !== ''))
  return {
    kind: 'scope',
    check: ({ scopes: granted }) =>
      wanted.every((value) => granted.includes(value))
        ? met
        : { met: false, kind: 'scope', scopes: wanted, details: missingDetails('scope', wanted, granted) },
  }
}

/**
 * Requires every one of these permissions in the claim `permissions` (Auth0's RBAC, for example). Permissions say what a
 * person may do at this API, whichever client is used; `scope()` checks what the client was granted.
 *
 * @example
 * ```ts
 * app.delete('/orders/:id', requireAuth(permission('orders:delete')), removeOrder)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function permission(...permissions: readonly string[]): NamedRequirement {
  const wanted = requireTexts('permission', permissions)
  return {
    kind: 'permission',
    check({ claims }) {
      const given = permissionsOf(claims)
      if (wanted.every((value) => given.includes(value))) return met
      return { met: false, kind: 'permission', details: missingDetails('permissions', wanted, given) }
    },
  }
}

/**
 * Requires a person: someone who signed in here, or on whose behalf a client acts. An access token that does not say
 * whether it is a person's is refused, even under `not()`.
 *
 * @example
 * ```ts
 * app.post('/vote', requireAuth(person()), vote)
 * ```
 *
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-5
 */
export function person(): NamedRequirement {
  return actor('person', false)
}

/**
 * Requires a machine: a client that acts for itself. An access token that does not say whether it is a machine's is
 * refused, even under `not()`.
 *
 * @example
 * ```ts
 * app.post('/import', requireAuth(machine(), scope('orders:write')), importOrders)
 * ```
 *
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-5
 */
export function machine(): NamedRequirement {
  return actor('machine', true)
}

/**
 * Requires that the person authenticated with one of these context classes (claim `acr`). Otherwise a browser is sent to
 * sign in again, and the class is verified on return.
 *
 * @example
 * ```ts
 * app.post('/transfer', requireAuth(acr('urn:example:mfa')), transfer)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDToken
 */
export function acr(...values: readonly string[]): NamedRequirement {
  const allowed = requireTexts('acr', values)
  // `acr_values` separates them by spaces (OpenID Connect Core section 3.1.2.1).
  if (allowed.some((value) => /\s/.test(value))) throw invalidArgument('acr() takes each value as a separate argument')
  return {
    kind: 'acr',
    firstLogin: { acrValues: allowed },
    check({ claims }): Verdict {
      const reached = claims['acr']
      return typeof reached === 'string' && allowed.includes(reached)
        ? met
        : { met: false, kind: 'acr', stepUp: { acrValues: allowed }, details: claimDetails('acr', reached, allowed) }
    },
  }
}

/**
 * Requires that the person authenticated recently (claim `auth_time`). Otherwise a browser is sent to sign in again, and
 * the time is verified on return.
 *
 * @example
 * ```ts
 * app.post('/transfer', requireAuth(maxAge(300)), transfer)
 * ```
 *
 * @param seconds - greatest age in seconds, a whole number of at least 1: the way back from the provider takes time
 * @param now - returns milliseconds since the epoch. Default: the clock of `oidc()` or `bearer()`
 * @throws {ConfigurationError} `invalid_options`
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDToken
 */
export function maxAge(seconds: number, now?: () => number): NamedRequirement {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 999_999_999) {
    throw invalidArgument('maxAge() takes a whole number of seconds, at least 1')
  }
  return {
    kind: 'maxAge',
    firstLogin: { maxAge: seconds },
    check({ claims }, _req, clock = Date.now): Verdict {
      // A time in the future does not prove a recent login. A minute is allowed for clocks that differ.
      return isRecent(claims['auth_time'], (now ?? clock)() / 1000, seconds, 60)
        ? met
        : {
            met: false,
            kind: 'maxAge',
            stepUp: { maxAge: seconds },
            details: claimDetails('auth_time', claims['auth_time'], [`at most ${seconds} seconds old`]),
          }
    },
  }
}

// Only what is missing is named, not what was granted.
function missingDetails(subject: string, wanted: readonly string[], given: readonly unknown[]): OidcErrorDetails {
  const missing = wanted.filter((value) => !given.includes(value))
  return { subject, seen: 'missing', expected: missing.map(quoted).join(' and ') }
}

function claimDetails(subject: string, value: unknown, expected: readonly string[]): OidcErrorDetails {
  return {
    subject,
    seen: value === undefined ? 'missing' : 'another value',
    expected: expected.map(quoted).join(' or '),
  }
}

function actor(kind: string, wanted: boolean): NamedRequirement {
  return {
    kind,
    check({ isMachine }): Verdict {
      if (isMachine === wanted) return met
      const isKnown = typeof isMachine === 'boolean'
      const seen = isKnown ? `a ${isMachine ? 'machine' : 'person'}` : 'the token does not say'
      const details = { subject: kind, seen, expected: `a ${kind}`, ...(isKnown ? {} : { option: 'isMachine' }) }
      return { met: false, kind, details, ...(isKnown ? {} : { undecided: true }) }
    },
  }
}

function permissionsOf({ permissions }: Principal['claims']): readonly unknown[] {
  if (typeof permissions === 'string') return permissions.split(' ')
  return Array.isArray(permissions) ? permissions : [permissions]
}
