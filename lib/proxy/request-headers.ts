import { headerLines } from '../middleware/http/request.js'
import type { NodeRequest } from '../middleware/types.js'

// Headers of one connection only (RFC 9110 section 7.6.1).
const hopByHop = ['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']
const dropped: ReadonlySet<string> = new Set([
  ...hopByHop,
  // The credentials of the browser are for this application. The API gets the token, and its proof.
  'authorization',
  'cookie',
  'dpop',
  // Names this application, and what came before it: the API would take that for its own.
  'host',
  'forwarded',
  'origin',
  'referer',
  'x-real-ip',
  'x-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  // Some frameworks take the path of such a header in place of the request's path. No guard has seen it.
  'x-rewrite-url',
  // Node has answered it already (RFC 9110 section 10.1.1).
  'expect',
  'http2-settings',
  // Headers for this package.
  'x-poll',
])
// The browser sets those of "sec-" itself, for the server that it speaks to (Fetch section 2.2.2); ":" begins HTTP/2's own.
const droppedPrefixes = ['x-forwarded-', 'x-original-', 'proxy-', 'sec-', ':']
const webSocketHeaders: ReadonlySet<string> = new Set([
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-protocol',
  'sec-websocket-extensions',
])

/**
 * The headers that go on to the API, as names and values in turn.
 *
 * @param csrfHeader - the header that `csrf()` looks for
 */
export function forwardedHeaders(req: NodeRequest, csrfHeader: string): string[] {
  const { headers } = req
  const lines = headerLines(req)
  const named = connectionNames(headers.connection).map(plainName)
  const isWebSocket = headers.upgrade !== undefined
  const passed: string[] = []
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const name = lines[i] ?? ''
    const key = plainName(name)
    const isOfSocket = isWebSocket && webSocketHeaders.has(key)
    if (isOfSocket || !(key === csrfHeader || named.includes(key) || isDropped(key)))
      passed.push(name, lines[i + 1] ?? '')
  }
  return passed
}

// Servers that turn headers into variables cannot distinguish "_" from "-" (RFC 3875 section 4.1.18).
function plainName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

/** The names that a `Connection` header lists: headers of this connection only (RFC 9110 section 7.6.1). */
export function connectionNames(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return []
  return [value]
    .flat()
    .flatMap((line) => line.split(','))
    .map((name) => name.trim().toLowerCase())
}

/** Whether a header is of one connection only. */
export function isHopByHop(name: string): boolean {
  return hopByHop.includes(name) || name.startsWith('proxy-')
}

function isDropped(name: string): boolean {
  return dropped.has(name) || droppedPrefixes.some((prefix) => name.startsWith(prefix))
}

/** Whether a request has a body, which can be sent once only. */
export function hasBody({ headers, httpVersionMajor, method }: NodeRequest): boolean {
  const length = headers['content-length']
  if (headers['transfer-encoding'] !== undefined) return true
  if (length !== undefined) return length !== '0'
  // HTTP/2 says neither.
  return httpVersionMajor > 1 && method !== 'GET' && method !== 'HEAD'
}
