import type { HttpRequest } from '../http/request.js'
import { isCrossOriginInitiated, isFormPost } from '../http/fetch-metadata.js'
import { redirect, type Redirect, type Respond } from '../http/outcome.js'
import { escapeHtml, textOf, textPage } from '../http/page.js'
import type { Pages, PageSettings } from '../options/pages.js'
import type { BaseUrl } from './base-url.js'

/**
 * Redirects a browser to a URL that may lead to other sites. The response to a form on one of our own pages is a page
 * that navigates: Chromium applies the `form-action` of the form's page to redirects too (CSP 3 section 6.4.1), and
 * `form-action 'self'` is a common default.
 */
export function sendOn(pages: PageSettings, httpRequest: HttpRequest, location: string): Redirect | Respond {
  return isFormPost(httpRequest) && !isCrossOriginInitiated(httpRequest)
    ? onwardPage(pages.for(httpRequest.source), location)
    : redirect(location)
}

/** Like {@link sendOn}, except that a target on this site always gets a redirect, which `form-action 'self'` allows. */
export function sendTo(
  pages: PageSettings,
  httpRequest: HttpRequest,
  base: BaseUrl,
  location: string,
): Redirect | Respond {
  return new URL(location, base.origin).origin === base.origin
    ? redirect(location)
    : sendOn(pages, httpRequest, location)
}

/** Renders a page that navigates to a URL by itself, with a link as a fallback. */
export function onwardPage(pages: Pages, location: string): Respond {
  const target = escapeHtml(location)
  return textPage(pages, {
    title: 'onwardTitle',
    text: 'onwardText',
    head: `<meta http-equiv="refresh" content="0;url=${target}">`,
    main: `<p class="actions"><a href="${target}">${textOf(pages, 'goOn')}</a></p>`,
  })
}
