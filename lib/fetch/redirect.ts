import { parseUrl } from '../base/url.js'
/** One request in a chain of redirects. */
export interface Hop {
  readonly url: URL
  readonly init: RequestInit
}

const redirects = new Set([301, 302, 303, 307, 308])
const contentHeaders = ['content-encoding', 'content-language', 'content-length', 'content-location', 'content-type']

/** Whether a body can be sent twice; a stream cannot. */
export function isReplayable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true
  const repeatable = [URLSearchParams, Blob, FormData, ArrayBuffer]
  return ArrayBuffer.isView(body) || repeatable.some((type) => body instanceof type)
}

/**
 * The request that follows a redirect (Fetch standard, section "HTTP-redirect fetch").
 *
 * @returns `undefined` if the response is not a redirect, or cannot be followed
 */
export function redirectOf({ url, init }: Hop, { status, headers }: Response): Hop | undefined {
  const location = headers.get('location')
  if (!redirects.has(status) || location === null) return undefined
  const next = parseUrl(location, url)
  if (next === undefined) return undefined
  if (next.protocol !== 'https:' && next.protocol !== 'http:') return undefined
  const method = (init.method ?? 'GET').toUpperCase()
  const isRewritten = status === 303 ? method !== 'GET' && method !== 'HEAD' : status < 303 && method === 'POST'
  if (isRewritten)
    return { url: next, init: { ...init, method: 'GET', body: null, headers: withoutHeaders(init, contentHeaders) } }
  return isReplayable(init.body) ? { url: next, init } : undefined
}

/** The headers of a request, except the named ones. */
export function withoutHeaders(init: RequestInit, names: readonly string[]): Headers {
  const headers = new Headers(init.headers)
  for (const name of names) headers.delete(name)
  return headers
}
