import { isHopByHop, connectionNames } from './request-headers.js'

/** Headers of a response by their names in lower case. */
export type ResponseHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Headers that speak to a browser about the whole origin, or to the servers before it. Here that is this application's origin. */
const dropped: ReadonlySet<string> = new Set([
  'set-cookie',
  'set-cookie2',
  // Basic and Digest open a dialog of the browser, which would send this application's origin a password.
  'www-authenticate',
  'authentication-info',
  'dpop-nonce',
  'clear-site-data',
  'strict-transport-security',
  'public-key-pins',
  'alt-svc',
  'service-worker-allowed',
  'set-login',
  'accept-ch',
  'critical-ch',
  'nel',
  'report-to',
  'reporting-endpoints',
  'refresh',
  'content-location',
  // Responses to a session cookie are never for a cache.
  'cache-control',
  'pragma',
  'expires',
  'age',
  'surrogate-control',
  'surrogate-key',
  'cache-tag',
  // Servers before this application send files that such headers name.
  'x-sendfile',
  'x-lighttpd-send-file',
  'x-lighttpd-send-tempfile',
  'x-reproxy-url',
  'x-reproxy-file',
  // Handled apart.
  'location',
  // Trailers are not sent on.
  'trailer',
])
const droppedPrefixes = ['access-control-', 'sec-', 'x-accel-', 'x-litespeed-', 'cdn-']
const kept: ReadonlySet<string> = new Set(['x-accel-buffering'])
// Characters that Node writes into a header.
const writable = /^[\t\x20-\x7e\x80-\xff]*$/

/** The headers of an API's response that go on to the browser. */
export function returnedHeaders(headers: ResponseHeaders): [name: string, value: string | string[]][] {
  const named = connectionNames(headers['connection'])
  const passed: [string, string | string[]][] = []
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || isDropped(name) || named.includes(name)) continue
    const values = typeof value === 'string' ? value : [...value]
    if ([values].flat().every((line) => writable.test(line))) passed.push([name, values])
  }
  return passed
}

function isDropped(name: string): boolean {
  if (kept.has(name)) return false
  return (
    dropped.has(name) ||
    isHopByHop(name) ||
    name.endsWith('-cdn-cache-control') ||
    droppedPrefixes.some((prefix) => name.startsWith(prefix))
  )
}
