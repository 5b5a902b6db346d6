import type { Redirect, Respond } from '../../http/outcome.js'
import { privateHeaders } from '../../http/problem.js'
import type { Next, NodeRequest, NodeResponse } from '../types.js'

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
