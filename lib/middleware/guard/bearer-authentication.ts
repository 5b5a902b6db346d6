import type { Principal } from '../../policy/principal.js'
import type { BearerChallenges } from '../../resource-server/challenges.js'
import type { ChallengeCall, AuthenticationHandler, GuardCall, RefusalCall } from './authentication.js'

/** Guards an API: programs get the challenge that tells them which token would do. */
export class BearerAuthentication implements AuthenticationHandler {
  readonly scheme = 'bearer'
  readonly #principal: Principal | undefined
  readonly #challenges: BearerChallenges
  readonly #refuse: (error: unknown, call: GuardCall) => void

  constructor(
    principal: Principal | undefined,
    challenges: BearerChallenges,
    refuse: (error: unknown, call: GuardCall) => void,
  ) {
    this.#principal = principal
    this.#challenges = challenges
    this.#refuse = refuse
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

  // Without scopes to ask for no other token would help, and so there is no challenge.
  refuse(call: RefusalCall): void {
    const { scopes, error } = call
    this.#refuse(scopes === undefined ? error : this.#challenges.insufficientScope(this.#tokenScheme(), scopes), call)
  }

  #tokenScheme(): 'bearer' | 'dpop' {
    return this.#principal?.scheme === 'dpop' ? 'dpop' : 'bearer'
  }
}
