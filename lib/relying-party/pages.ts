import { escapeHtml, textOf, textPage } from '../http/page.js'
import type { Respond } from '../http/outcome.js'
import type { Pages } from '../options/pages.js'

/**
 * Renders a page with a button that confirms a logout.
 *
 * @param action - path that the button posts to
 * @param home - path for the link that cancels
 */
export function confirmationPage(pages: Pages, action: string, home: string): Respond {
  const button = `<button type="submit">${textOf(pages, 'signOut')}</button>`
  const cancel = `<a href="${escapeHtml(home)}">${textOf(pages, 'staySignedIn')}</a>`
  return textPage(pages, {
    title: 'signOutTitle',
    text: 'signOutText',
    main: `<form method="post" action="${escapeHtml(action)}"><p class="actions">${button}${cancel}</p></form>`,
  })
}

/** Renders the page on which people choose where to sign in. */
export function choicePage(
  pages: Pages,
  choices: readonly { readonly label: string; readonly url: string }[],
): Respond {
  const items = choices.map(({ label, url }) => `<li><a href="${escapeHtml(url)}">${escapeHtml(label)}</a></li>`)
  return textPage(pages, {
    title: 'chooseTitle',
    text: 'chooseText',
    main: `<ul aria-labelledby="text">${items.join('')}</ul>`,
  })
}

/** Renders the page for an application whose providers are not known before somebody names one. */
export function nothingToChoosePage(pages: Pages): Respond {
  return textPage(pages, { title: 'nothingToChooseTitle', text: 'nothingToChooseText', main: '', status: 400 })
}
