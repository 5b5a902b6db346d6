import { escapeHtml, page, type PageParts } from '../http/page.js'
import type { Respond } from '../http/outcome.js'
import { englishTexts, type Pages, type PageTextName } from '../options/pages.js'

type TextPage = Omit<PageParts, 'title' | 'language'> & {
  readonly title: PageTextName
  readonly text: PageTextName
}

/** Renders a page with a heading and a paragraph in the application's language, and then `main`. */
export function textPage(pages: Pages, { title, text, main, ...parts }: TextPage): Respond {
  return page({
    ...parts,
    title: pages.texts[title] ?? englishTexts[title],
    language: pages.language,
    main: `<h1>${textOf(pages, title)}</h1><p id="text">${textOf(pages, text)}</p>${main}`,
  })
}

/** One text as HTML. Where the application has not translated it, it is marked as English, for screen readers. */
export function textOf({ language, texts }: Pages, name: PageTextName): string {
  const own = texts[name]
  if (own !== undefined) return escapeHtml(own)
  const english = escapeHtml(englishTexts[name])
  return /^en\b/i.test(language) ? english : `<span lang="en" dir="ltr">${english}</span>`
}

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
