import type { Respond } from '../http/outcome.js'
import type { EndSessionMessage } from '../provider/types.js'
import { escapeHtml, page } from './page.js'

const submit = 'document.forms[0].submit()'

/**
 * A page that posts an end-session request by itself, or by its button where no script runs: for requests that are too long
 * for a URL, which an ID Token with many claims makes them (OpenID Connect RP-Initiated Logout 1.0 section 2).
 */
export function endSessionPage({ endpoint, parameters }: EndSessionMessage, ownOrigin: string): Respond {
  const inputs = Object.entries(parameters).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  )
  return page({
    title: 'Signing out',
    main: `<h1>Signing out</h1><p>You are signed out here. One more step signs you out at your sign-in service.</p><form method="post" action="${escapeHtml(endpoint)}">${inputs.join('')}<button type="submit">Continue</button></form>`,
    script: submit,
    // Browsers hold redirects of the answer to it as well (CSP 3 section 6.4.1): a provider that brokers for others goes by
    // theirs before it comes back here.
    formAction: [...new Set([new URL(endpoint).origin, ownOrigin, 'https:'])],
    // With none, the form would be posted with `Origin: null`.
    referrer: 'strict-origin',
  })
}
