import { AuthorizationResponseError, ConfigurationError, ProviderError, TransactionError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isDeclaredNavigation } from '../../http/fetch-metadata.js'
import { isOidcError } from '../../base/error-cause.js'

/** How long no further silent login is tried, in seconds: after an attempt, and after a logout. */
export const quietSeconds = 3600

/**
 * Whether to try a silent login for an anonymous request: only for a declared navigation of a window.
 *
 * A browser without cookies would be redirected again and again. It is recognised by a same-origin navigation without
 * any cookie.
 */
export function isSilentLoginDue(httpRequest: HttpRequest): boolean {
  if (httpRequest.method !== 'GET' || !isDeclaredNavigation(httpRequest)) return false
  return httpRequest.header('sec-fetch-site') !== 'same-origin' || httpRequest.header('cookie') !== undefined
}

const silentFailures: readonly string[] = ['login_required', 'access_denied']

/** Whether a silent login ended with an expected refusal. The person did not start it, so no error is shown. */
export function isSilentRefusal(error: unknown): boolean {
  if (error instanceof AuthorizationResponseError) return silentFailures.includes(error.code)
  return error instanceof ProviderError || (error instanceof TransactionError && error.code === 'login_refused')
}

/**
 * Whether a silent login failed for any reason other than a configuration error. The person stays anonymous, whatever
 * the provider responded; tracing channels report the error.
 */
export function isSilentFailure(error: unknown): boolean {
  return isOidcError(error) && !(error instanceof ConfigurationError)
}
