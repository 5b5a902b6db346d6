import type { Principal } from '../../policy/principal.js'
import type { BearerChallenges } from '../../resource-server/challenges.js'
import type { ChallengeCall, AuthenticationHandler, GuardCall, ForbidCall } from './authentication.js'

/** Authentication by access token: refusals carry the challenge for the token that is needed. */
export class BearerAuthentication implements AuthenticationHandler {
  readonly scheme = 'bearer'
  readonly now: () => number
  readonly #principal: Principal | undefined
  readonly #challenges: BearerChallenges
  readonly #refuse: (error: unknown, call: GuardCall) => void

  constructor(
    principal: Principal | undefined,
    challenges: BearerChallenges,
    refuse: (error: unknown, call: GuardCall) => void,
    now: () => number,
  ) {
    this.#principal = principal
    this.#challenges = challenges
    this.#refuse = refuse
    this.now = now
  }

  principal(): Principal | undefined {
    return this.#principal
  }

  challenge(call: ChallengeCall): void {
    const { stepUp } = call
    const error =
      stepUp === undefined ? this.#challenges.missing() : this.#challenges.stepUp(this.#tokenScheme(), stepUp)
    this.#refuse(error, call)
  }

  // Without missing scopes or authorization details no other token would help, so there is no challenge.
  forbid(call: ForbidCall): void {
    const { scopes, detailType, error } = call
    const isMendable = scopes !== undefined || detailType !== undefined
    const lacking = () => this.#challenges.insufficientScope(this.#tokenScheme(), scopes, error.details)
    this.#refuse(isMendable ? lacking() : error, call)
  }

  #tokenScheme(): 'bearer' | 'dpop' {
    return this.#principal?.scheme === 'dpop' ? 'dpop' : 'bearer'
  }
}
