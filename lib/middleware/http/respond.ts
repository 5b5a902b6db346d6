import type { Redirect, Respond } from '../../http/outcome.js'
import { privateHeaders } from '../../http/problem.js'
import type { Next, NodeRequest, NodeResponse } from '../types.js'
import type { HttpRequest } from '../../http/request.js'

/** Writes a redirect or an answer. Does nothing when the response was written, or its socket closed, meanwhile. */
export function respond(req: NodeRequest, res: NodeResponse, outcome: Redirect | Respond): void {
  if (res.headersSent || res.writableEnded || res.destroyed) return
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

// Other middleware has thrown when headers were written: whoever answers instead must not answer with these.
function withdraw(res: NodeResponse): void {
  if (!res.headersSent) for (const name of ['Content-Length', 'Location']) res.removeHeader(name)
}

/** The same where nobody waits for it: what other middleware throws when headers are written goes to the error handlers. */
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

// 303 after a POST, so that the browser does not post to the next place too (RFC 9110 section 15.4.4). The body stays
// empty: nothing of the target is reflected.
function redirectResponse(req: NodeRequest, { location }: Redirect): Omit<Respond, 'kind'> {
  const status = req.method === 'GET' || req.method === 'HEAD' ? 302 : 303
  return { status, headers: { ...privateHeaders, Location: location }, body: '' }
}

/** Does some work when a response ends, before whatever else has wrapped `end()` by now. */
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
 * Adds `Set-Cookie` lines to a response, and keeps it out of shared caches: those must not keep one person's cookie for
 * another (CVE-2025-48947 was just that).
 */
export function addCookies(res: NodeResponse, cookies: readonly string[]): void {
  for (const cookie of cookies) res.appendHeader('Set-Cookie', cookie)
  res.setHeader('Cache-Control', 'no-store')
  const vary = String(res.getHeader('Vary') ?? '')
  if (!/(^|,)\s*(cookie|\*)\s*(,|$)/i.test(vary)) res.setHeader('Vary', vary === '' ? 'Cookie' : `${vary}, Cookie`)
}

/**
 * Removals of cookies that led to nothing; none where a name came more than once. Of those at least one lies on another path
 * or domain, out of reach: each response would remove it again, and none could be cached.
 */
export function unlessRepeated(removals: readonly string[], httpRequest: HttpRequest): readonly string[] {
  const cameTwice = (line: string): boolean => httpRequest.furtherCookies(line.slice(0, line.indexOf('='))).length > 0
  return removals.some(cameTwice) ? [] : removals
}

/**
 * Adds the session's cookies in the moment when headers are written. What is private and has none is not to be stored, unless
 * the application has said something of caches by then.
 */
export function finishHeaders(res: NodeResponse, cookies: readonly string[], isPrivate: boolean): void {
  if (cookies.length > 0) addCookies(res, cookies)
  else if (isPrivate && !res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'no-store')
}
