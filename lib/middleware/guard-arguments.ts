import { ConfigurationError } from '../errors.js'
import { isRequirement, refuseNonRequirements } from '../policy/combinators.js'
import type { Requirement } from '../policy/requirement.js'
import type { ChallengeMode } from './guard/authentication.js'

/** Options of one guard. */
export interface RequireAuthOptions {
  /**
   * What someone who is not signed in gets: `redirect` to the login, `respond` with 401 problem+json, or `auto`: a redirect
   * for a browser's navigation, 401 for all else. @default 'auto'
   */
  challenge?: ChallengeMode | undefined
}

/**
 * Tells the options of `requireAuth()` from its requirements.
 *
 * @throws {ConfigurationError} `invalid_options`
 */
export function splitArguments<Request>(args: readonly (RequireAuthOptions | Requirement<Request>)[]): {
  readonly mode: ChallengeMode
  readonly requirements: readonly Requirement<Request>[]
} {
  const [first, ...rest] = args
  const hasOptions = isOptions(first)
  const candidates = hasOptions ? rest : args
  refuseNonRequirements('requireAuth', candidates)
  return { mode: hasOptions ? challengeMode(first) : 'auto', requirements: candidates.filter(isRequirement<Request>) }
}

function isOptions(value: unknown): value is RequireAuthOptions {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRequirement(value)
}

const modes: readonly unknown[] = ['auto', 'redirect', 'respond'] satisfies readonly ChallengeMode[]

function challengeMode({ challenge = 'auto', ...unknown }: RequireAuthOptions): ChallengeMode {
  if (modes.includes(challenge) && Object.keys(unknown).length === 0) return challenge
  const message = 'requireAuth() takes { challenge: "auto" | "redirect" | "respond" } as its only options'
  throw new ConfigurationError('invalid_options', message)
}
