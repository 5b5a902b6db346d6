import { AuthorizationResponseError, ProviderError, TransactionError } from '../errors.js'
import type { Exchange } from '../http/exchange.js'
import { isDeclaredNavigation } from '../http/navigation.js'
import type { Respond } from '../http/outcome.js'
import { escapeHtml, page } from './page.js'

/** How long nobody is asked for silently again, in seconds: after a try, and after a logout. */
export const quietSeconds = 3600

/**
 * Whether an anonymous request is one to ask the provider about: a window that goes to a page, and says so.
 *
 * A browser that keeps no cookies would be asked about again and again. It brings none to the page that it goes to from
 * here, by a link or by {@link returnPage}, and is left alone.
 */
export function isSilentLoginDue(exchange: Exchange): boolean {
  if (exchange.method !== 'GET' || !isDeclaredNavigation(exchange)) return false
  return exchange.header('sec-fetch-site') !== 'same-origin' || exchange.header('cookie') !== undefined
}

const refusals: readonly string[] = ['login_required', 'access_denied']

/** Whether a silent login that ends so is just one that did not work: nobody has asked for it, so nobody is told. */
export function isSilentRefusal(error: unknown): boolean {
  if (error instanceof AuthorizationResponseError) return refusals.includes(error.code)
  return error instanceof ProviderError || (error instanceof TransactionError && error.code === 'login_refused')
}

/** Takes a browser home that has lost its silent login, by a navigation of its own: a redirect would not tell where it came from. */
export function returnPage(home: string): Respond {
  const target = escapeHtml(home)
  return page({
    title: 'One moment',
    head: `<meta http-equiv="refresh" content="0;url=${target}">`,
    main: `<p><a href="${target}">Go on</a></p>`,
  })
}
