import type { Principal } from '../../policy/principal.js'
import type { BearerChallenges } from '../../resource-server/challenges.js'
import type { ChallengeCall, AuthenticationHandler, GuardCall, RefusalCall } from './authentication.js'

/** Guards an API: programs get the challenge that tells them which token would do. */
export class BearerAuthentication implements AuthenticationHandler {
  readonly scheme = 'bearer'
  readonly #principal: Principal | undefined
  readonly #refusals: BearerChallenges
  readonly #refuse: (error: unknown, call: GuardCall) => void

  constructor(
    principal: Principal | undefined,
    refusals: BearerChallenges,
    refuse: (error: unknown, call: GuardCall) => void,
  ) {
    this.#principal = principal
    this.#refusals = refusals
    this.#refuse = refuse
  }

  principal(): Principal | undefined {
    return this.#principal
  }

  challenge(call: ChallengeCall): void {
    const { stepUp } = call
    const error = stepUp === undefined ? this.#refusals.missing() : this.#refusals.stepUp(this.#tokenScheme(), stepUp)
    this.#refuse(error, call)
  }

  // Without scopes to ask for no other token would help, and so there is no challenge.
  refuse(call: RefusalCall): void {
    const { scopes, error } = call
    this.#refuse(scopes === undefined ? error : this.#refusals.insufficientScope(this.#tokenScheme(), scopes), call)
  }

  #tokenScheme(): 'bearer' | 'dpop' {
    return this.#principal?.scheme === 'dpop' ? 'dpop' : 'bearer'
  }
}
