import { BearerError } from '../../errors.js'
import type { CrossSitePolicy } from '../../http/fetch-metadata.js'
import type { ChallengeCall, AuthenticationHandler, GuardCall, ForbidCall } from './authentication.js'

/**
 * Stands in for a failed authentication after which the application's `onError` went on: nobody counts as signed in, and
 * guards report the failure.
 */
export class FailedAuthentication implements AuthenticationHandler {
  readonly scheme: AuthenticationHandler['scheme']
  readonly origin?: string
  readonly hasRefusedToken: boolean
  csrf?: CrossSitePolicy
  readonly #failure: unknown
  readonly #refuse: (error: unknown, call: GuardCall) => void

  constructor(
    { scheme, origin }: Pick<AuthenticationHandler, 'scheme' | 'origin'>,
    failure: unknown,
    refuse: (error: unknown, call: GuardCall) => void,
  ) {
    this.scheme = scheme
    if (origin !== undefined) this.origin = origin
    // Credentials of another scheme do not count as a token: a proxy's Basic, for example.
    this.hasRefusedToken = scheme === 'bearer' && !(failure instanceof BearerError && failure.code === 'missing_token')
    this.#failure = failure
    this.#refuse = refuse
  }

  principal(): undefined {
    return undefined
  }

  challenge(call: ChallengeCall): void {
    this.#refuse(this.#failure, call)
  }

  forbid(call: ForbidCall): void {
    this.#refuse(call.error, call)
  }
}
