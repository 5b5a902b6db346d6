import type { HttpRequest } from './request.js'

/**
 * Whether a request is a browser going to a page in a window, so that a redirect to a login page makes sense.
 *
 * Fetch Metadata decides where the browser sends it (W3C Fetch Metadata Request Headers); otherwise a GET or HEAD whose
 * `Accept` names `text/html`. The default of `fetch`, a lone star, is no navigation.
 */
export function isNavigation(httpRequest: HttpRequest): boolean {
  return (httpRequest.method === 'GET' || httpRequest.method === 'HEAD') && isWindow(httpRequest)
}

/** Whether a request is a form that was posted in a window, which shows the answer; told as for {@link isNavigation}. */
export function isFormPost(httpRequest: HttpRequest): boolean {
  return httpRequest.method === 'POST' && isWindow(httpRequest)
}

/** Whether a window shows what is answered: to a navigation, or to a form that was posted. */
export function isPageLoad(httpRequest: HttpRequest): boolean {
  return isNavigation(httpRequest) || isFormPost(httpRequest)
}

/** Whether a script waits for the answer, by the browser's word, else because it takes JSON and no page. */
export function isScript(httpRequest: HttpRequest): boolean {
  const mode = httpRequest.header('sec-fetch-mode')
  if (mode !== undefined) return mode !== 'navigate'
  const accept = httpRequest.header('accept')
  return !hasFetchMetadata(httpRequest) && !acceptsHtml(accept) && /\bjson\b/i.test(accept ?? '')
}

/** Whether the browser itself says that a request is a navigation to a page, in a window of its own. */
export function isDeclaredNavigation(httpRequest: HttpRequest): boolean {
  return httpRequest.header('sec-fetch-mode') !== undefined && isDocumentFetch(httpRequest)
}

/** Whether the browser itself says that a request is not a navigation to a page: a prefetch, an image, a script's fetch, a frame. */
export function isDeclaredNonNavigation(httpRequest: HttpRequest): boolean {
  return hasFetchMetadata(httpRequest) && !isDocumentFetch(httpRequest)
}

/** Whether a page of another site, or of a sibling subdomain, caused the request, as far as the browser says so. */
export function isCrossOriginInitiated(httpRequest: HttpRequest): boolean {
  const site = httpRequest.header('sec-fetch-site')
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** Whether the browser fetches ahead of need; nothing single-use may be spent on that. */
export function isPrefetch(httpRequest: HttpRequest): boolean {
  const purpose = `${httpRequest.header('sec-purpose') ?? ''} ${httpRequest.header('purpose') ?? ''} ${httpRequest.header('x-moz') ?? ''}`
  return /prefetch|prerender|preview/i.test(purpose)
}

function hasFetchMetadata(httpRequest: HttpRequest): boolean {
  return (
    httpRequest.header('sec-fetch-mode') !== undefined ||
    httpRequest.header('sec-fetch-dest') !== undefined ||
    isPrefetch(httpRequest)
  )
}

function isWindow(httpRequest: HttpRequest): boolean {
  return hasFetchMetadata(httpRequest) ? isDocumentFetch(httpRequest) : acceptsHtml(httpRequest.header('accept'))
}

// A service worker that hands a navigation on, by `fetch(event.request)`, makes its destination `empty`; the mode stays, and
// no script can make a request of that mode (Fetch section 5.4, the Request constructor).
function isDocumentFetch(httpRequest: HttpRequest): boolean {
  const mode = httpRequest.header('sec-fetch-mode')
  const destination = httpRequest.header('sec-fetch-dest') ?? 'document'
  if (isPrefetch(httpRequest) || (mode ?? 'navigate') !== 'navigate') return false
  return destination === 'document' || (destination === 'empty' && mode !== undefined)
}

function acceptsHtml(accept: string | undefined): boolean {
  return (accept ?? '')
    .split(',')
    .some(
      (range) =>
        /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(range) && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(range),
    )
}

/** Whose pages may have a browser change something here. */
export interface CrossSitePolicy {
  /** Origin that the request came to. */
  readonly origin: string
  readonly origins: readonly string[]
  readonly allowSameSite: boolean
  /** Lower-case name of a header that other sites' pages cannot set without asking (Fetch section 3.2, CORS). */
  readonly header: string
}

const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/** Whether a request is one that changes nothing (RFC 9110 section 9.2.1). */
export function isSafe({ method }: HttpRequest): boolean {
  return safeMethods.includes(method)
}

/**
 * Whether a request may come from a page of another site, whose cookies it carries all the same (CWE-352).
 *
 * The browser's word counts: `Sec-Fetch-Site` first, in older ones `Origin`. Whatever says neither must bring the header.
 */
export function mayBeCrossSite(httpRequest: HttpRequest, policy: CrossSitePolicy): boolean {
  const origin = httpRequest.header('origin')
  if (origin !== undefined && policy.origins.includes(origin)) return false
  const site = httpRequest.header('sec-fetch-site')
  if (site !== undefined) {
    return site !== 'same-origin' && site !== 'none' && !(policy.allowSameSite && site === 'same-site')
  }
  return origin === undefined ? !httpRequest.header(policy.header) : origin !== policy.origin
}
