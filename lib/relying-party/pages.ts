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

/** Renders the page on which people choose where to sign in. */
export function choicePage(choices: readonly { readonly label: string; readonly url: string }[]): Respond {
  const items = choices.map(({ label, url }) => `<li><a href="${escapeHtml(url)}">${escapeHtml(label)}</a></li>`)
  return page({
    title: 'Sign in',
    main: `<h1>Sign in</h1><p id="how">Choose how:</p><ul aria-labelledby="how">${items.join('')}</ul>`,
  })
}

/** Renders the page for an application whose providers are not known before somebody names one. */
export function nothingToChoosePage(): Respond {
  return page({
    title: 'Sign in',
    main: '<h1>Sign in</h1><p>This address does not say where to sign in. Use the link that your organization has given you, or begin at the start page of this site.</p>',
    status: 400,
  })
}
