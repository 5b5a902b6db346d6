import { ConfigurationError } from '../errors.js'
import {
  ask,
  askingFirst,
  type UnmetRequirement,
  firstLoginOf,
  met,
  type NamedRequirement,
  type Requirement,
} from './requirement.js'
import { strictest, weakest } from './step-up.js'

/**
 * Requires every one, in order up to the first that fails, which is told. Later ones are not asked, so that they may rely on
 * it: where that first one is undecided, so is the whole, and `not(all(...))` is not met. There, put those first that decide.
 */
export function all<Request>(...requirements: readonly Requirement<Request>[]): NamedRequirement<Request> {
  refuseNonRequirements('all', requirements)
  return {
    kind: 'all',
    ...askingFirst(strictest(requirements.map(firstLoginOf))),
    async check(principal, req) {
      for (const requirement of requirements) {
        const verdict = await ask(requirement, principal, req)
        if (!verdict.met) return verdict
      }
      return met
    },
  }
}

/** Requires at least one. Where none is met, a failure that more scopes or a fresh login would mend is told before others. */
export function any<Request>(...requirements: readonly Requirement<Request>[]): NamedRequirement<Request> {
  refuseNonRequirements('any', requirements)
  return {
    kind: 'any',
    ...askingFirst(weakest(requirements.map(firstLoginOf))),
    async check(principal, req) {
      const failures: UnmetRequirement[] = []
      for (const requirement of requirements) {
        const verdict = await ask(requirement, principal, req)
        if (verdict.met) return met
        failures.push(verdict)
      }
      const mendable = failures.find((failure) => failure.stepUp !== undefined || failure.scopes !== undefined)
      const undecided = failures.some((failure) => failure.undecided === true)
      return { ...(mendable ?? { met: false, kind: 'any' }), ...(undecided ? { undecided: true } : {}) }
    },
  }
}

/** Requires the opposite. What a predicate left undecided, by answering with neither `true` nor `false`, is not met either way. */
export function not<Request>(requirement: Requirement<Request>): NamedRequirement<Request> {
  refuseNonRequirements('not', [requirement])
  return {
    kind: 'not',
    async check(principal, req) {
      const verdict = await ask(requirement, principal, req)
      if (verdict.met) return { met: false, kind: 'not' }
      return verdict.undecided === true ? { met: false, kind: 'not', undecided: true } : met
    },
  }
}

/**
 * Refuses what is no requirement: `requireAuth('admin')` must not silently let everyone in.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function refuseNonRequirements(call: string, values: readonly unknown[]): void {
  const wrong = values.findIndex((value) => !isRequirement(value))
  if (wrong === -1 && (values.length > 0 || call === 'requireAuth')) return
  const problem =
    wrong === -1 ? 'needs at least one requirement' : `got ${typeof values[wrong]} as argument ${wrong + 1}`
  throw new ConfigurationError(
    'invalid_options',
    `${call}() ${problem}: pass scope(), permission(), claim(), role(), person(), machine(), acr(), maxAge(), all(), any(), not() or a predicate (principal, req) => boolean`,
  )
}

/** Whether a value is a requirement of either form. */
export function isRequirement<Request>(value: unknown): value is Requirement<Request> {
  if (typeof value === 'function') return true
  return typeof value === 'object' && value !== null && 'check' in value && typeof value.check === 'function'
}
