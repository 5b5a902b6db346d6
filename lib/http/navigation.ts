import type { Exchange } from './exchange.js'

/**
 * Whether a request is a browser going to a page in a window, so that a redirect to a login page makes sense.
 *
 * Fetch Metadata decides where the browser sends it (W3C Fetch Metadata Request Headers); otherwise a GET or HEAD whose
 * `Accept` names `text/html`. The default of `fetch`, a lone star, is no navigation.
 */
export function isNavigation(exchange: Exchange): boolean {
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') return false
  return hasFetchMetadata(exchange) ? isDocumentFetch(exchange) : acceptsHtml(exchange.header('accept'))
}

/** Whether the browser itself says that a request is a navigation to a page, in a window of its own. */
export function isDeclaredNavigation(exchange: Exchange): boolean {
  return exchange.header('sec-fetch-mode') !== undefined && isDocumentFetch(exchange)
}

/** Whether the browser itself says that a request is not a navigation to a page: a prefetch, an image, a script's fetch, a frame. */
export function isDeclaredNonNavigation(exchange: Exchange): boolean {
  return hasFetchMetadata(exchange) && !isDocumentFetch(exchange)
}

/** Whether a page of another site, or of a sibling subdomain, caused the request, as far as the browser says so. */
export function isCrossOriginInitiated(exchange: Exchange): boolean {
  const site = exchange.header('sec-fetch-site')
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** Whether the browser fetches ahead of need; nothing single-use may be spent on that. */
export function isPrefetch(exchange: Exchange): boolean {
  const purpose = `${exchange.header('sec-purpose') ?? ''} ${exchange.header('purpose') ?? ''} ${exchange.header('x-moz') ?? ''}`
  return /prefetch|prerender|preview/i.test(purpose)
}

function hasFetchMetadata(exchange: Exchange): boolean {
  return (
    exchange.header('sec-fetch-mode') !== undefined ||
    exchange.header('sec-fetch-dest') !== undefined ||
    isPrefetch(exchange)
  )
}

function isDocumentFetch(exchange: Exchange): boolean {
  const mode = exchange.header('sec-fetch-mode') ?? 'navigate'
  const destination = exchange.header('sec-fetch-dest') ?? 'document'
  return mode === 'navigate' && destination === 'document' && !isPrefetch(exchange)
}

function acceptsHtml(accept: string | undefined): boolean {
  return (accept ?? '')
    .split(',')
    .some(
      (range) =>
        /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(range) && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(range),
    )
}
