import type { Principal } from './principal.js'

/** A predicate of the application. `req` is the request as the framework hands it on. */
export type Predicate<Request = unknown> = (principal: Principal, req: Request) => boolean | Promise<boolean>

/** Something that a principal must meet: one of this package's requirements, or a predicate. */
export type Requirement<Request = unknown> = NamedRequirement<Request> | Predicate<Request>

/** A requirement that can say what it is. */
export interface NamedRequirement<Request = unknown> {
  /** Such as `scope` or `claim`: told to the caller when it fails, values are not. */
  readonly kind: string
  /** What the login of a stranger should reach, so that nobody has to sign in a second time for this. */
  readonly firstLogin?: StepUp
  check(principal: Principal, req: Request): Verdict | Promise<Verdict>
}

/** Met, or not met and why. */
export type Verdict = { readonly met: true } | UnmetRequirement

/** A requirement that was not met. */
export interface UnmetRequirement {
  readonly met: false
  /** Kind of the requirement that failed first. */
  readonly kind: string
  /** Scopes that would meet it (RFC 6750 section 3.1). */
  readonly scopes?: readonly string[]
  /** It is not known: a predicate answered with neither true nor false, say. The opposite must not count as met. */
  readonly undecided?: true
  /** A fresh or stronger login would meet it (RFC 9470). */
  readonly stepUp?: StepUp
}

/** The authentication that is asked for. */
export interface StepUp {
  /** Any one of these authentication context classes. */
  readonly acrValues?: readonly string[]
  /** Greatest age of the authentication, in seconds. */
  readonly maxAge?: number
}

/** The one value of a requirement that is met. */
export const met: Verdict = { met: true }

/** A requirement's {@link NamedRequirement.firstLogin}, as a member that is left out where there is none. */
export function askingFirst(firstLogin: StepUp | undefined): Pick<NamedRequirement, 'firstLogin'> {
  return firstLogin === undefined ? {} : { firstLogin }
}

/** What a requirement of either form asks of a stranger's login. */
export function firstLoginOf<Request>(requirement: Requirement<Request>): StepUp | undefined {
  return typeof requirement === 'function' ? undefined : requirement.firstLogin
}

/** Asks a requirement of either form. */
export async function ask<Request>(
  requirement: Requirement<Request>,
  principal: Principal,
  req: Request,
): Promise<Verdict> {
  // Only `true` counts: a forgotten `return`, or a truthy object, must not open a door.
  if (typeof requirement !== 'function') {
    const { kind } = requirement
    const verdict: Verdict = await requirement.check(principal, req)
    const isMet: unknown = verdict.met
    return isMet === true || isMet === false ? verdict : { met: false, kind, undecided: true }
  }
  const answer: unknown = await requirement(principal, req)
  if (answer === true) return met
  return { met: false, kind: requirement.name || 'predicate', ...(answer === false ? {} : { undecided: true }) }
}
