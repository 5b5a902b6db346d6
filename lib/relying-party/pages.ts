import { escapeHtml, page } from '../http/page.js'
import type { Respond } from '../http/outcome.js'

/**
 * Renders a page with a button that confirms a logout.
 *
 * @param action - path that the button posts to
 * @param home - path for the link that cancels
 */
export function confirmationPage(action: string, home: string): Respond {
  return page({
    title: 'Sign out?',
    main: `<h1>Sign out?</h1><p>You are still signed in: your browser did not say whether you clicked a link of this site.</p><form method="post" action="${escapeHtml(action)}" class="actions"><button type="submit">Sign out</button><a href="${escapeHtml(home)}">Stay signed in</a></form>`,
  })
}
