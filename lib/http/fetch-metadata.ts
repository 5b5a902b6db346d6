import type { HttpRequest } from './request.js'

/**
 * Whether a browser loads a page in a window, by GET or HEAD: then a redirect to a login page makes sense.
 *
 * If the browser sends Fetch Metadata, that decides. Otherwise `Accept` must name `text/html`; the default of `fetch` does not.
 *
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function isNavigation(httpRequest: HttpRequest): boolean {
  return (httpRequest.method === 'GET' || httpRequest.method === 'HEAD') && isWindow(httpRequest)
}

/** Whether a form was posted in a window, which shows the response. Detected as by {@link isNavigation}. */
export function isFormPost(httpRequest: HttpRequest): boolean {
  return httpRequest.method === 'POST' && isWindow(httpRequest)
}

/** Whether a window shows the response: the request is a navigation or a posted form. */
export function isPageLoad(httpRequest: HttpRequest): boolean {
  return isNavigation(httpRequest) || isFormPost(httpRequest)
}

/** Whether a script waits for the response: by Fetch Metadata, or because it accepts JSON and no HTML. */
export function isScript(httpRequest: HttpRequest): boolean {
  const mode = httpRequest.header('sec-fetch-mode')
  if (mode !== undefined) return mode !== 'navigate'
  const accept = httpRequest.header('accept')
  return !hasFetchMetadata(httpRequest) && !acceptsHtml(accept) && /\bjson\b/i.test(accept ?? '')
}

/**
 * Whether htmx waits for the response, to put it into a page.
 *
 * @see https://htmx.org/reference/#request_headers
 */
export function isHtmx(httpRequest: HttpRequest): boolean {
  return httpRequest.header('hx-request') === 'true'
}

/** Whether htmx loads a whole page in place of the browser, for a link with `hx-boost`. */
export function isBoosted(httpRequest: HttpRequest): boolean {
  return httpRequest.method === 'GET' && isHtmx(httpRequest) && httpRequest.header('hx-boosted') === 'true'
}

/** Whether Fetch Metadata says that a request is a navigation of a window. */
export function isDeclaredNavigation(httpRequest: HttpRequest): boolean {
  return httpRequest.header('sec-fetch-mode') !== undefined && isDocumentFetch(httpRequest)
}

/** Whether Fetch Metadata says that a request is not a navigation of a window, but a prefetch, an image, a fetch or a frame. */
export function isDeclaredNonNavigation(httpRequest: HttpRequest): boolean {
  return hasFetchMetadata(httpRequest) && !isDocumentFetch(httpRequest)
}

/** Whether Fetch Metadata says that a page of another site, or of a sibling subdomain, caused the request. */
export function isCrossOriginInitiated(httpRequest: HttpRequest): boolean {
  const site = httpRequest.header('sec-fetch-site')
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** Whether the browser prefetches: a single-use value, such as a code, must not be used for that. */
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

// A service worker that passes a navigation on, by `fetch(event.request)`, changes its destination to `empty`. The mode stays,
// and no script can create a request with that mode (Fetch section 5.4, the Request constructor).
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

/** Whose pages may send requests that change something. */
export interface CrossSitePolicy {
  /** Origin that the request came to. */
  readonly origin: string
  readonly origins: readonly string[]
  readonly allowSameSite: boolean
  /** Lower-case name of a header that pages of other sites cannot set without a CORS preflight (Fetch section 3.2). */
  readonly header: string
}

const safeMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/** Whether a request has a safe method, which changes nothing (RFC 9110 section 9.2.1). */
export function isSafe({ method }: HttpRequest): boolean {
  return safeMethods.includes(method)
}

/**
 * Whether a page of another site may have caused a request, which carries this site's cookies all the same (CWE-352).
 *
 * `Sec-Fetch-Site` decides, in older browsers `Origin`. A request without both must have the header of the policy.
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
