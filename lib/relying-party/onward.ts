import type { HttpRequest } from '../http/request.js'
import { isCrossOriginInitiated, isFormPost } from '../http/fetch-metadata.js'
import { redirect, type Redirect, type Respond } from '../http/outcome.js'
import { escapeHtml, page } from './pages.js'
import type { BaseUrl } from './base-url.js'

/**
 * Sends a browser on, to where other sites may follow. After a form of our own pages that is a page, which goes on by itself:
 * Chromium holds the redirects of a form's answer to the `form-action` of the page that the form was on (CSP 3 section
 * 6.4.1), and `form-action 'self'` is a common default.
 */
export function sendOn(httpRequest: HttpRequest, location: string): Redirect | Respond {
  return isFormPost(httpRequest) && !isCrossOriginInitiated(httpRequest) ? onwardPage(location) : redirect(location)
}

/** The same for a target that may be at this site, where a form's answer may always redirect to. */
export function sendTo(httpRequest: HttpRequest, base: BaseUrl, location: string): Redirect | Respond {
  return new URL(location, base.origin).origin === base.origin ? redirect(location) : sendOn(httpRequest, location)
}

/** A page that goes on by itself, by a navigation of its own, or by its link. */
export function onwardPage(location: string): Respond {
  const target = escapeHtml(location)
  return page({
    title: 'One moment',
    head: `<meta http-equiv="refresh" content="0;url=${target}">`,
    main: `<p><a href="${target}">Go on</a></p>`,
  })
}
