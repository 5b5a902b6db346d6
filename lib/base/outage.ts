import { type OidcError, ProviderError } from '../errors.js'
import type { Runtime } from './runtime.js'

/** Seconds to wait where the provider does not say. */
export const retryAfterSeconds = 5

/** The longest wait after a failure. */
export const maxBackoffSeconds = 60

/** 1, 2, 4 ... 60 seconds, of which half is random: many processes must not come back at the same moment. */
export function backoffSeconds(failures: number, runtime: Runtime): number {
  const longest = Math.min(maxBackoffSeconds, 2 ** failures)
  return longest * (0.5 + runtime.randomBytes(1).readUInt8() / 512)
}

/** A failure told again while backing off: everyone gets an error of their own, and hears how long is left. */
export function withRetryAfter(failure: OidcError, waitSeconds: number): OidcError {
  if (!(failure instanceof ProviderError)) return failure
  const { code, message, status, cause } = failure
  const headers = { ...failure.headers, 'Retry-After': String(Math.ceil(waitSeconds)) }
  return new ProviderError(code, message, { status, cause, headers })
}

/** A 503 with `Retry-After`. */
export function outage(
  code: 'provider_unreachable' | 'provider_timeout' | 'provider_unavailable',
  message: string,
  seconds = retryAfterSeconds,
  cause?: unknown,
): ProviderError {
  return new ProviderError(code, message, { headers: { 'Retry-After': String(seconds) }, cause })
}

/** Whether a failure is this process's own limit, which says nothing of the provider. */
export function isOwnLimit(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'outbound_limit_reached'
}
