import type { OidcErrorCode } from '../../error-codes.js'
import type { OidcError } from '../../errors.js'
import { escapeHtml, textOf, textPage } from '../../http/page.js'
import type { Respond } from '../../http/outcome.js'
import type { Pages, PageTextName } from '../../options/pages.js'

/** Where an error page leads. Empty URLs lead nowhere. */
export interface ErrorLinks {
  /** Starts the login again. */
  readonly retryUrl: string
  readonly home: string
}

/** Links on pages of requests whose base URL is not known. */
export const noLinks: ErrorLinks = { retryUrl: '', home: '' }

interface Kind {
  readonly title: PageTextName
  readonly text: PageTextName
  /** What the link to the login is called. Without it there is none. */
  readonly retry?: PageTextName
}

const kinds = {
  cancelled: { title: 'cancelledTitle', text: 'cancelledText', retry: 'tryAgain' },
  refused: { title: 'refusedTitle', text: 'refusedText', retry: 'tryAgain' },
  expired: { title: 'expiredTitle', text: 'expiredText', retry: 'tryAgain' },
  cookies: { title: 'cookiesTitle', text: 'cookiesText', retry: 'tryAgain' },
  unavailable: { title: 'unavailableTitle', text: 'unavailableText', retry: 'tryAgain' },
  loginNeeded: { title: 'loginNeededTitle', text: 'loginNeededText', retry: 'signIn' },
  notAllowed: { title: 'notAllowedTitle', text: 'notAllowedText', retry: 'signInAgain' },
  otherSite: { title: 'otherSiteTitle', text: 'otherSiteText' },
  failed: { title: 'failedTitle', text: 'failedText', retry: 'tryAgain' },
} as const satisfies Readonly<Record<string, Kind>>

const kindOfCode: Readonly<Partial<Record<OidcErrorCode, Kind>>> = {
  access_denied: kinds.cancelled,
  login_refused: kinds.refused,
  state_missing: kinds.expired,
  state_mismatch: kinds.expired,
  transaction_missing: kinds.expired,
  transaction_expired: kinds.expired,
  transaction_used: kinds.expired,
  login_loop: kinds.cookies,
  not_allowed: kinds.notAllowed,
  insufficient_scope: kinds.notAllowed,
  cross_site_request: kinds.otherSite,
}

const kindOfStatus: Readonly<Partial<Record<number, Kind>>> = { 401: kinds.loginNeeded, 503: kinds.unavailable }

/**
 * An error as a page: what happened, where to go, and the code. Nothing else of the error is on it, as its message is for
 * developers.
 */
export function errorPage({ code, status, headers }: OidcError, pages: Pages, links: ErrorLinks): Respond {
  const { title, text, retry }: Kind = kindOfCode[code] ?? kindOfStatus[status] ?? kinds.failed
  const actions = [
    retry === undefined ? '' : link(links.retryUrl, textOf(pages, retry), ' class="button"'),
    link(links.home, textOf(pages, 'home')),
  ].join('')
  return textPage(pages, {
    ...{ title, text, status, headers },
    main:
      (actions === '' ? '' : `<p class="actions">${actions}</p>`) +
      `<p class="code">${textOf(pages, 'code')}: <code translate="no" dir="ltr">${escapeHtml(code)}</code></p>`,
    // The URL of a callback may hold a code.
    referrer: 'no-referrer',
  })
}

function link(url: string, text: string, attributes = ''): string {
  return url === '' ? '' : `<a href="${escapeHtml(url)}"${attributes}>${text}</a>`
}
