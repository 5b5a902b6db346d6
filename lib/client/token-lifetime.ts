import type { Runtime } from '../base/runtime.js'
import type { GrantedTokens } from '../provider/endpoints/token.js'

/** A token with the moments that matter, all in milliseconds since the epoch. */
export interface KeptToken {
  readonly value: string
  readonly obtainedAt: number
  /** From here on it is renewed behind the callers' backs. */
  readonly renewAt: number
  /** From here on callers wait for the renewal: it could expire on its way. */
  readonly awaitAt: number
  readonly expiresAt: number
}

// A token whose end nobody told: long enough to spare requests, short enough to be true.
const unknownLifetime = 60_000
const maxEarlyWindow = 300_000
const maxTransitSeconds = 10_000

/**
 * Says how long a token serves.
 *
 * @param obtainedAt - when it was asked for, in milliseconds since the epoch
 * @param notAfter - the end of what it was exchanged for, in milliseconds since the epoch, when known
 */
export function keptToken(
  { accessToken: value, accessTokenExpiresAt }: GrantedTokens,
  obtainedAt: number,
  runtime: Runtime,
  notAfter = Infinity,
): KeptToken {
  const ownEnd = accessTokenExpiresAt === undefined ? obtainedAt + unknownLifetime : accessTokenExpiresAt * 1000
  // A new one would end at the same moment, so there is nothing to renew.
  if (notAfter <= ownEnd) return { value, obtainedAt, renewAt: notAfter, awaitAt: notAfter, expiresAt: notAfter }
  const lifetime = ownEnd - obtainedAt
  const window = Math.min(lifetime / 4, maxEarlyWindow)
  // Processes that started together must not renew together.
  const jitter = 0.5 + runtime.randomBytes(1).readUInt8() / 512
  return {
    value,
    obtainedAt,
    renewAt: ownEnd - window * jitter,
    awaitAt: ownEnd - Math.min(lifetime / 10, maxTransitSeconds),
    expiresAt: ownEnd,
  }
}
