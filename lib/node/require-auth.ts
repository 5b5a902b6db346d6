import type { IncomingMessage } from 'node:http'
import { AccessError, ConfigurationError } from '../errors.js'
import { isNavigation } from '../http/navigation.js'
import { all, refuseNonRequirements } from '../policy/combinators.js'
import { ask, type Failure, type Requirement } from '../policy/requirement.js'
import { createExchange } from './exchange.js'
import { type ChallengeMode, type Doorkeeper, doorkeepersOf, type GuardCall } from './guard-context.js'
import type { Middleware } from './types.js'

/** Options of one guard. */
export interface RequireAuthOptions {
  /**
   * What someone who is not signed in gets: `redirect` to the login, `respond` with 401 problem+json, or `auto`: a redirect
   * for a browser's navigation, 401 for all else. @default 'auto'
   */
  challenge?: ChallengeMode
}

/**
 * Creates a guard: only principals that meet every requirement pass, signed in by session or by access token.
 *
 * Nobody there: a login or a challenge (401). Not allowed: 403, naming the kind of the requirement that failed. An `acr` or
 * `maxAge` that is not reached: a stronger login, verified on return.
 *
 * @throws {ConfigurationError} at construction, for what is no requirement
 */
export function requireAuth<Request extends IncomingMessage = IncomingMessage>(
  ...args: readonly [RequireAuthOptions, ...Requirement<Request>[]] | readonly Requirement<Request>[]
): Middleware<Request> {
  const { options, requirements } = splitOptions<Request>(args)
  refuseNonRequirements('requireAuth', requirements)
  const requirement = requirements.length === 0 ? undefined : all(...requirements)
  const mode = options.challenge ?? 'auto'

  return function requireAuth(req, res, next) {
    const call: GuardCall = { req, res, next }
    const doorkeepers = doorkeepersOf(req)
    const fitting =
      doorkeepers.find((candidate) => candidate.principal() !== undefined) ?? forChallenge(doorkeepers, call, mode)
    const principal = fitting?.principal()
    if (fitting === undefined) return next(notMounted())
    if (principal === undefined) {
      const error = new AccessError('login_needed', 'sign in to see this')
      return fitting.challenge({ ...call, mode, error })
    }
    if (requirement === undefined) return next()
    ask(requirement, principal, req).then((verdict) => {
      if (verdict.met) next()
      else turnAway(fitting, verdict, call, mode)
    }, next)
  }
}

// A browser that came to a page can sign in; a program needs the challenge of the nearest middleware.
function forChallenge(
  doorkeepers: readonly Doorkeeper[],
  { req }: GuardCall,
  mode: ChallengeMode,
): Doorkeeper | undefined {
  const canSignIn = mode === 'redirect' || (mode === 'auto' && isNavigation(createExchange(req)))
  const session = canSignIn ? doorkeepers.find((candidate) => candidate.scheme === 'session') : undefined
  return session ?? doorkeepers[0]
}

function turnAway(doorkeeper: Doorkeeper, failure: Failure, call: GuardCall, mode: ChallengeMode): void {
  const { kind: requirement, stepUp, scopes } = failure
  if (stepUp === undefined && (scopes === undefined || doorkeeper.scheme === 'session')) {
    const error = new AccessError('not_allowed', `you are signed in, but not allowed here (${requirement})`, {
      requirement,
    })
    return doorkeeper.refuse(error, call)
  }
  const error = new AccessError(
    'login_needed',
    `sign in again: this needs more than the present login (${requirement})`,
    { requirement },
  )
  doorkeeper.challenge({
    ...call,
    mode,
    error,
    ...(stepUp === undefined ? {} : { stepUp }),
    ...(scopes === undefined ? {} : { scopes }),
  })
}

function splitOptions<Request>(args: readonly unknown[]): {
  readonly options: RequireAuthOptions
  readonly requirements: readonly Requirement<Request>[]
} {
  const [first, ...rest] = args
  const hasOptions = typeof first === 'object' && first !== null && !('check' in first)
  const options = hasOptions ? parseChallenge(first) : {}
  // refuseNonRequirements() checks each of them before it is used.
  return { options, requirements: (hasOptions ? rest : args) as readonly Requirement<Request>[] }
}

function parseChallenge(value: object): RequireAuthOptions {
  const { challenge, ...unknown } = value as Record<string, unknown>
  const isKnown = challenge === undefined || challenge === 'auto' || challenge === 'redirect' || challenge === 'respond'
  if (!isKnown || Object.keys(unknown).length > 0) {
    throw new ConfigurationError(
      'invalid_options',
      'requireAuth() takes { challenge: "auto" | "redirect" | "respond" } as its only option',
    )
  }
  return challenge === undefined ? {} : { challenge }
}

function notMounted(): ConfigurationError {
  return new ConfigurationError(
    'not_mounted',
    'requireAuth() ran, but neither oidc() nor bearer() did: mount one of them before this guard',
  )
}
