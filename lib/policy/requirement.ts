import type { OidcErrorDetails, OidcErrorInit } from '../error-details.js'
import type { OidcError } from '../errors.js'
import { isThenable, type MaybePromise } from '../base/maybe-promise.js'
import type { Principal, PrincipalClaims } from './principal.js'

/**
 * A requirement as a function of the application. It is met only by `true`. `req` is the framework's own request.
 *
 * @example
 * ```ts
 * import type { Request } from 'express'
 *
 * app.delete('/orders/:id', requireAuth<Request>(({ subject }, { params }) => isOwner(subject, params['id'])), removeOrder)
 * ```
 */
export type Predicate<Request = unknown, C extends object = PrincipalClaims> = (
  principal: Principal<C>,
  req: Request,
) => boolean | Promise<boolean>

/** What a principal must meet: one of this package's requirements, or a predicate. */
export type Requirement<Request = unknown, C extends object = PrincipalClaims> =
  NamedRequirement<Request> | Predicate<Request, C>

/** A requirement that has a name. */
export interface NamedRequirement<Request = unknown> {
  /** Name that a refusal gives to the caller, such as `scope` or `claim`. */
  readonly kind: string
  /** What a first login should reach, to save the person a second one for this requirement. */
  readonly firstLogin?: StepUp
  /**
   * Decides. A rejection goes to the error handlers.
   *
   * @param now - the clock of the middleware that authenticated: milliseconds since the epoch
   */
  check(principal: Principal, req: Request, now?: () => number): Verdict | Promise<Verdict>
}

/** The decision of a requirement: met, or not met and why. */
export type Verdict = { readonly met: true } | UnmetRequirement

/** A requirement that was not met. */
export interface UnmetRequirement {
  /** Tells it from a requirement that is met. */
  readonly met: false
  /** Name of the requirement that failed first. */
  readonly kind: string
  /** Scopes that would meet it, for the challenge (RFC 6750 section 3.1). */
  readonly scopes?: readonly string[]
  /** Type of authorization details that would meet it, in another token (RFC 9396). */
  readonly detailType?: string
  /** What was seen and expected, for logs: other claims than those of {@link OidcErrorDetails} by their name only. */
  readonly details?: OidcErrorDetails
  /** Set when it is not known whether it is met: `not()` must not count it as met either. */
  readonly undecided?: true
  /** Set, with `undecided`, when what decides could not be asked: the request is answered with this error. */
  readonly outage?: OidcError
  /** Seconds after which it may be met without anybody doing anything. */
  readonly retryAfterSeconds?: number
  /** A newer or stronger login that would meet it (RFC 9470 section 3). */
  readonly stepUp?: StepUp
}

/** The authentication that a login must reach. */
export interface StepUp {
  /** At one of these providers, by their names in `oidc({ providers })`. */
  readonly providers?: readonly string[]
  /** One of these authentication context classes (`acr_values`). */
  readonly acrValues?: readonly string[]
  /** Greatest age of the authentication in seconds (`max_age`). */
  readonly maxAge?: number
}

/** The verdict that a requirement is met. */
export const met: Verdict = { met: true }

/** {@link NamedRequirement.firstLogin} as an object to spread: empty where there is none. */
export function withLogin(firstLogin: StepUp | undefined): Pick<NamedRequirement, 'firstLogin'> {
  return firstLogin === undefined ? {} : { firstLogin }
}

/**
 * The headers of a refusal that may no longer apply after some seconds: browsers that load a page follow `Refresh`, and programs
 * `Retry-After` (RFC 9110 section 10.2.3).
 */
export function retryHeaders(seconds: number | undefined): Pick<OidcErrorInit, 'headers'> {
  return seconds === undefined ? {} : { headers: { 'Retry-After': String(seconds), Refresh: String(seconds) } }
}

// Not a list of them: `decision` lies in a layer above.
const makers = new WeakSet<object>()

/** Marks functions that make requirements: as a predicate, each of them would let nobody in. */
export function addMakers(...functions: readonly ((...args: never) => NamedRequirement<never>)[]): void {
  for (const make of functions) makers.add(make)
}

/** Whether a value is a function that makes requirements, such as `scope` itself. */
export function isUncalled(value: unknown): value is (...args: never) => unknown {
  return typeof value === 'function' && makers.has(value)
}

/** The name of a requirement: a predicate has that of its function. */
export function kindOf<Request>(requirement: Requirement<Request>): string {
  return typeof requirement === 'function' ? requirement.name || 'predicate' : requirement.kind
}

/** What a requirement asks of a first login. */
export function firstLoginOf<Request>(requirement: Requirement<Request>): StepUp | undefined {
  return typeof requirement === 'function' ? undefined : requirement.firstLogin
}

/** Asks a requirement, named or a predicate. One that answers at once needs no promise; one that throws rejects. */
export function ask<Request>(
  requirement: Requirement<Request>,
  principal: Principal,
  req: Request,
  now?: () => number,
): MaybePromise<Verdict> {
  try {
    return answerOf(requirement, principal, req, now)
  } catch (error) {
    return Promise.resolve().then(() => {
      throw error
    })
  }
}

function answerOf<Request>(
  requirement: Requirement<Request>,
  principal: Principal,
  req: Request,
  now?: () => number,
): MaybePromise<Verdict> {
  const kind = kindOf(requirement)
  if (typeof requirement !== 'function') {
    return whenAnswered(requirement.check(principal, req, now), (verdict) => {
      const isMet: unknown = verdict.met
      return isMet === true || isMet === false ? verdict : { met: false, kind, undecided: true }
    })
  }
  return whenAnswered<unknown>(requirement(principal, req), (answer) => verdictOf(answer, kind))
}

// An application may return what only resembles a promise.
function whenAnswered<T>(answer: MaybePromise<T>, toVerdict: (value: T) => Verdict): MaybePromise<Verdict> {
  return isThenable(answer) ? Promise.resolve(answer).then(toVerdict) : toVerdict(answer)
}

// Only `true` counts: a forgotten `return`, or a truthy object, must not let anyone in.
function verdictOf(answer: unknown, kind: string): Verdict {
  if (answer === true) return met
  if (answer === false) return { met: false, kind, details: { subject: kind, seen: 'false', expected: 'true' } }
  const details = {
    subject: kind,
    seen: `a value of type ${typeof answer}`,
    expected: 'true or false: a predicate must return one',
  }
  return { met: false, kind, undecided: true, details }
}
