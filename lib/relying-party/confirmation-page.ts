import type { Respond } from '../http/outcome.js'
import { escapeHtml, page } from './pages.js'

/**
 * A page that asks whether someone wants to sign out, with one button: no script, nothing foreign.
 *
 * @param action - path that the button posts to
 * @param home - path for whoever wants to stay
 */
export function confirmationPage(action: string, home: string): Respond {
  return page({
    title: 'Sign out?',
    main: `<h1>Sign out?</h1><p>Nothing has happened yet: your browser did not say whether this was your own click.</p><form method="post" action="${escapeHtml(action)}"><button type="submit">Sign out</button></form><p><a href="${escapeHtml(home)}">Stay signed in</a></p>`,
  })
}
