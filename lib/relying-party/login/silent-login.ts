import { AuthorizationResponseError, ConfigurationError, ProviderError, TransactionError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { isDeclaredNavigation } from '../../http/fetch-metadata.js'
import { isOidcError } from '../../base/error-cause.js'

/** How long nobody is asked for silently again, in seconds: after a try, and after a logout. */
export const quietSeconds = 3600

/**
 * Whether an anonymous request is one to ask the provider about: a window that goes to a page, and says so.
 *
 * A browser that keeps no cookies would be asked about again and again. It brings none to the page that it goes to from
 * here, by a link or by a page that goes on by itself, and is left alone.
 */
export function isSilentLoginDue(httpRequest: HttpRequest): boolean {
  if (httpRequest.method !== 'GET' || !isDeclaredNavigation(httpRequest)) return false
  return httpRequest.header('sec-fetch-site') !== 'same-origin' || httpRequest.header('cookie') !== undefined
}

const silentFailures: readonly string[] = ['login_required', 'access_denied']

/** Whether a silent login that ends so is just one that did not work: nobody has asked for it, so nobody is told. */
export function isSilentRefusal(error: unknown): boolean {
  if (error instanceof AuthorizationResponseError) return silentFailures.includes(error.code)
  return error instanceof ProviderError || (error instanceof TransactionError && error.code === 'login_refused')
}

/**
 * Whether what ended a silent login is none of the application's mistakes: the person goes on as anonymous as before,
 * whatever the provider has answered. Whoever watches the login hears of it.
 */
export function isSilentFailure(error: unknown): boolean {
  return isOidcError(error) && !(error instanceof ConfigurationError)
}
