import { nowSeconds, type Runtime } from '../../base/runtime.js'
import { TokenValidationError } from '../../errors.js'
import { createSeal } from '../../seal/seal.js'
import type { TokenEvent } from '../events/security-event-token.js'
import { isVerification } from '../events/event-types.js'

/** Makes and checks the `state` of verification requests. */
export interface StreamStates {
  /** A new state for a stream. */
  make(issuer: string, streamId: string): string
  /**
   * Checks an event that verifies a stream: its state, unless the transmitter sends it by itself, and the stream that it names.
   *
   * @throws {TokenValidationError} `token_claim_invalid`
   */
  require(issuer: string, event: TokenEvent): void
}

const lifetimeSeconds = 24 * 3600
const formatVersion = 1

/**
 * Creates states that prove themselves. Each is sealed with the secret of the sessions: any process recognizes those of the others,
 * and none has to remember any.
 *
 * @see https://openid.net/specs/openid-sharedsignals-framework-1_0.html#name-verification-event
 */
export function createStreamStates(
  secrets: readonly string[],
  audience: readonly string[],
  runtime: Runtime,
): StreamStates {
  const seal = createSeal(secrets, ['stream verification', ...audience], runtime)
  return {
    make(iss, stream) {
      const exp = nowSeconds(runtime) + lifetimeSeconds
      return seal.seal({ v: formatVersion, exp, iss, stream })
    },
    require(issuer, { type, claims, subject }) {
      const { state } = claims
      if (!isVerification(type) || state === undefined) return
      const opened = typeof state === 'string' ? seal.open(state) : undefined
      const isOurs = opened?.payload['v'] === formatVersion && opened.payload['iss'] === issuer
      if (!isOurs || opened.expired) {
        throw invalid('state', 'has another state than the verification that was asked for')
      }
      const names = subject?.['id'] ?? opened.payload['stream']
      if (names !== opened.payload['stream']) throw invalid('sub_id', 'names another stream than the one to verify')
    },
  }
}

function invalid(subject: string, why: string): TokenValidationError {
  return new TokenValidationError('token_claim_invalid', `the verification event ${why}`, { details: { subject } })
}
