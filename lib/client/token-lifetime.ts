import type { Runtime } from '../base/runtime.js'
import type { GrantedTokens } from '../provider/types.js'

/** A token, and when to renew it. All times are milliseconds since the epoch. */
export interface CachedToken {
  readonly value: string
  readonly obtainedAt: number
  /** From here on it is renewed in the background. */
  readonly renewAt: number
  /** From here on callers wait for the renewal, since the token could expire in transit. */
  readonly awaitAt: number
  readonly expiresAt: number
}

// For a token without `expires_in`: long enough to save requests, short enough to be safe.
const unknownLifetimeMilliseconds = 60_000
const maxEarlyMilliseconds = 300_000
const maxTransitMilliseconds = 10_000

/**
 * Calculates when a token is renewed, and when it expires.
 *
 * @param obtainedAt - when it was requested, in milliseconds since the epoch
 * @param notAfter - when the token that it was exchanged for expires, in milliseconds since the epoch, if known
 */
export function toCachedToken(
  { accessToken: value, expiresAt }: GrantedTokens,
  obtainedAt: number,
  runtime: Runtime,
  notAfter = Infinity,
): CachedToken {
  const ownEnd = expiresAt === undefined ? obtainedAt + unknownLifetimeMilliseconds : expiresAt * 1000
  // A new token would expire at the same time, so renewing it is useless.
  if (notAfter <= ownEnd) return { value, obtainedAt, renewAt: notAfter, awaitAt: notAfter, expiresAt: notAfter }
  const lifetime = ownEnd - obtainedAt
  const window = Math.min(lifetime / 4, maxEarlyMilliseconds)
  // Jitter: processes that were started together should not renew together.
  const jitter = 0.5 + runtime.randomBytes(1).readUInt8() / 512
  return {
    value,
    obtainedAt,
    renewAt: ownEnd - window * jitter,
    awaitAt: ownEnd - Math.min(lifetime / 10, maxTransitMilliseconds),
    expiresAt: ownEnd,
  }
}
