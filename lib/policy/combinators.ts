import { ConfigurationError } from '../errors.js'
import { omitUndefined } from '../base/json.js'
import type { MaybePromise } from '../base/maybe-promise.js'
import { quoted } from '../base/error-cause.js'
import { isRequest, notCalled } from '../options/common/parse.js'
import {
  addMakers,
  ask,
  withLogin,
  type UnmetRequirement,
  firstLoginOf,
  isUncalled,
  kindOf,
  met,
  type NamedRequirement,
  type Requirement,
  type Verdict,
} from './requirement.js'
import type { FrameworkRequest } from '../options/framework.js'
import type { Principal, PrincipalClaims } from './principal.js'
import { authorizationDetails } from './authorization-details.js'
import { claim, role } from './claims.js'
import { deviceBound } from './device-bound.js'
import { provider } from './provider.js'
import { acr, machine, maxAge, permission, person, scope } from './requirements.js'
import { strictest, weakest } from './step-up.js'

/**
 * Requires that every requirement is met. They are asked in order; the first that is not met is reported, and later ones are
 * not asked, so they can rely on it. If that first one is undecided, the whole is undecided and `not(all(...))` is not met.
 *
 * @example
 * ```ts
 * app.get('/beta', requireAuth(any(role('staff'), all(person(), claim('beta', true)))), beta)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options` for a value that is not a requirement
 */
export function all<Request = FrameworkRequest, C extends object = PrincipalClaims>(
  ...requirements: readonly Requirement<Request, C>[]
): NamedRequirement<Request>
export function all<Request>(...requirements: readonly Requirement<Request>[]): NamedRequirement<Request> {
  refuseNonRequirements('all', requirements)
  return {
    kind: 'all',
    ...withLogin(strictest(requirements.map(firstLoginOf))),
    check: (principal, req, now) => askAll(requirements, principal, req, now),
  }
}

function askAll<Request>(
  requirements: readonly Requirement<Request>[],
  principal: Principal,
  req: Request,
  now?: () => number,
): MaybePromise<Verdict> {
  for (const [i, requirement] of requirements.entries()) {
    const verdict = ask(requirement, principal, req, now)
    if (verdict instanceof Promise) {
      const rest = requirements.slice(i + 1)
      return verdict.then((late) => (late.met ? askAll(rest, principal, req, now) : late))
    }
    if (!verdict.met) return verdict
  }
  return met
}

/**
 * Requires that at least one requirement is met. If none is, one that more scopes or a new login would meet is reported
 * before others.
 *
 * @example
 * ```ts
 * import type { Request } from 'express'
 * import type { Principal } from 'express-oidc'
 *
 * const isMine = (principal: Principal, req: Request) => isOwner(principal.subject, req.params['id'])
 * app.delete('/orders/:id', requireAuth(any(role('admin'), isMine)), removeOrder)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options` for a value that is not a requirement
 */
export function any<Request = FrameworkRequest, C extends object = PrincipalClaims>(
  ...requirements: readonly Requirement<Request, C>[]
): NamedRequirement<Request>
export function any<Request>(...requirements: readonly Requirement<Request>[]): NamedRequirement<Request> {
  refuseNonRequirements('any', requirements)
  return {
    kind: 'any',
    ...withLogin(weakest(requirements.map(firstLoginOf))),
    async check(principal, req, now) {
      const failures: UnmetRequirement[] = []
      for (const requirement of requirements) {
        const verdict = await ask(requirement, principal, req, now)
        if (verdict.met) return met
        failures.push(verdict)
      }
      const outage = failures.find((failure) => failure.outage !== undefined)
      if (outage !== undefined) return outage
      const mendable = failures.find(isMendable)
      const undecided = failures.some((failure) => failure.undecided === true)
      const details = { subject: 'any', seen: 'none of these', expected: failures.map(({ kind }) => kind).join(' or ') }
      const waits = failures.flatMap(({ retryAfterSeconds }) => retryAfterSeconds ?? [])
      return {
        ...(mendable ?? { met: false, kind: 'any', details }),
        ...(undecided ? { undecided: true } : {}),
        ...(waits.length === 0 ? {} : { retryAfterSeconds: Math.min(...waits) }),
      }
    },
  }
}

function isMendable({ stepUp, scopes, detailType }: UnmetRequirement): boolean {
  return stepUp !== undefined || scopes !== undefined || detailType !== undefined
}

/**
 * Requires that a requirement is not met. A predicate that returns neither `true` nor `false` is undecided: neither it nor its
 * opposite is met.
 *
 * @example
 * ```ts
 * app.post('/vote', requireAuth(not(role('suspended'))), vote)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options` for a value that is not a requirement
 */
export function not<Request = FrameworkRequest, C extends object = PrincipalClaims>(
  requirement: Requirement<Request, C>,
): NamedRequirement<Request>
export function not<Request>(requirement: Requirement<Request>): NamedRequirement<Request> {
  refuseNonRequirements('not', [requirement])
  return {
    kind: 'not',
    async check(principal, req, now) {
      const verdict = await ask(requirement, principal, req, now)
      if (!verdict.met && verdict.undecided !== true) return met
      const seen = verdict.met ? 'met' : `undecided (${verdict.details?.seen ?? 'it does not say why'})`
      const details = { subject: `not(${kindOf(requirement)})`, seen, expected: 'not met' }
      if (verdict.met) return { met: false, kind: 'not', details }
      return { met: false, kind: 'not', details, undecided: true, ...omitUndefined({ outage: verdict.outage }) }
    },
  }
}

/**
 * Refuses a value that is not a requirement: `requireAuth('admin')` must not silently let everyone in.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function refuseNonRequirements(call: string, values: readonly unknown[]): void {
  if (call === 'requireAuth' && isRequest(values[0])) throw notCalled('requireAuth()')
  const invalid = values.findIndex((value) => !isRequirement(value) || isUncalled(value))
  if (invalid === -1 && (values.length > 0 || call === 'requireAuth')) return
  const problem =
    invalid === -1
      ? 'needs at least one requirement'
      : `got ${typeof values[invalid]} as argument ${invalid + 1}${hintFor(values[invalid])}`
  throw new ConfigurationError(
    'invalid_options',
    `${call}() ${problem}: pass scope(), permission(), claim(), role(), person(), machine(), acr(), maxAge(), provider(), authorizationDetails(), deviceBound(), decision(), all(), any(), not() or a predicate (principal, req) => boolean`,
  )
}

// Names of scopes and roles are in the application's code.
function hintFor(value: unknown): string {
  if (isUncalled(value)) return `, ${value.name} itself (call it: ${value.name}(…))`
  if (typeof value !== 'string') return ''
  const text = quoted(value)
  return ` (perhaps meant: scope(${text}) or role(${text}))`
}

addMakers(scope, permission, claim, role, person, machine, acr, maxAge, provider, authorizationDetails, deviceBound)
addMakers(all, any, not)

/** Whether a value is a requirement: one of this package's, or a predicate. */
export function isRequirement<Request>(value: unknown): value is Requirement<Request> {
  if (typeof value === 'function') return true
  return typeof value === 'object' && value !== null && 'check' in value && typeof value.check === 'function'
}
