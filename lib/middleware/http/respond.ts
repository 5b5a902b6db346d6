import type { Redirect, Respond } from '../../http/outcome.js'
import { privateHeaders } from '../../http/problem.js'
import type { Next, NodeRequest, NodeResponse } from '../types.js'
import type { HttpRequest } from '../../http/request.js'

/** Whether nobody receives a response any more. With HTTP/2 only its stream says so. */
export function isGone(res: NodeResponse): boolean {
  return res.destroyed || ('stream' in res && isDestroyed(res.stream))
}

function isDestroyed(stream: unknown): boolean {
  return typeof stream === 'object' && stream !== null && Reflect.get(stream, 'destroyed') === true
}

/** Writes a response, unless one was written or the socket was closed meanwhile. */
export function respond(req: NodeRequest, res: NodeResponse, outcome: Redirect | Respond): void {
  if (res.headersSent || res.writableEnded || isGone(res)) return
  const { status, headers, body } = outcome.kind === 'redirect' ? redirectResponse(req, outcome) : outcome
  try {
    res.statusCode = status
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
    res.setHeader('Content-Length', Buffer.byteLength(body))
    res.end(req.method === 'HEAD' ? undefined : body)
  } catch (error) {
    withdraw(res)
    throw error
  }
}

// Other middleware has thrown while headers were written: the response that is sent instead must not have these.
function withdraw(res: NodeResponse): void {
  if (!res.headersSent) for (const name of ['Content-Length', 'Location']) res.removeHeader(name)
}

/** Writes a response. An error that other middleware throws while headers are written goes to the error handlers. */
export function respondOrFail(
  { req, res, next }: { readonly req: NodeRequest; readonly res: NodeResponse; readonly next: Next },
  outcome: Redirect | Respond,
): void {
  try {
    respond(req, res, outcome)
  } catch (error) {
    next(error)
  }
}

// 303 after a POST: the browser must not repeat the POST at the target (RFC 9110 section 15.4.4). The body is empty: the
// target is not reflected in it.
function redirectResponse(req: NodeRequest, { location }: Redirect): Omit<Respond, 'kind'> {
  const status = req.method === 'GET' || req.method === 'HEAD' ? 302 : 303
  return { status, headers: { ...privateHeaders, Location: location }, body: '' }
}

/**
 * Keeps a response of our routes out of caches, and its URL out of `Referer`. It is for error pages of the application too: their URL
 * may hold a code, and caches may store 405 and 410 by default.
 */
export function forbidStoring(res: NodeResponse): void {
  if (res.headersSent) return
  for (const name of ['Cache-Control', 'Referrer-Policy']) res.setHeader(name, privateHeaders[name] ?? '')
}

/** Runs some work when a response ends, before other middleware that has wrapped `end()`. */
export function beforeEnd(res: NodeResponse, work: () => void): void {
  const end = res.end.bind(res)
  res.end = new Proxy(end, {
    apply(_end, _self, args: Parameters<typeof end>) {
      work()
      return end(...args)
    },
  })
}

/**
 * Adds `Set-Cookie` lines to a response and keeps it out of caches: a shared cache must not send one person's cookie to
 * another (as in CVE-2025-48947).
 */
function addCookies(res: NodeResponse, cookies: readonly string[]): void {
  for (const cookie of cookies) res.appendHeader('Set-Cookie', cookie)
  res.setHeader('Cache-Control', 'no-store')
  const vary = String(res.getHeader('Vary') ?? '')
  if (!/(^|,)\s*(cookie|\*)\s*(,|$)/i.test(vary)) res.setHeader('Vary', vary === '' ? 'Cookie' : `${vary}, Cookie`)
}

/**
 * Removals of cookies without a session; empty if one of the names is repeated. Then at least one belongs to another path or
 * domain and cannot be removed here: every response would try again, and none could be cached.
 */
export function unlessRepeated(removals: readonly string[], httpRequest: HttpRequest): readonly string[] {
  const cameTwice = (line: string): boolean => httpRequest.furtherCookies(line.slice(0, line.indexOf('='))).length > 0
  return removals.some(cameTwice) ? [] : removals
}

/**
 * Adds the session's cookies when headers are written. A private response without cookies gets `no-store`, unless the
 * application has set `Cache-Control`.
 */
export function finishHeaders(res: NodeResponse, cookies: readonly string[], isPrivate: boolean): void {
  if (cookies.length > 0) addCookies(res, cookies)
  else if (isPrivate && !res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'no-store')
}
