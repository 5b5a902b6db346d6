import { isOidcError } from '../base/error-cause.js'
import { failedAt } from '../base/diagnostics.js'
import { passOn, continueAfter } from '../middleware/http/error-response.js'
import { createHttpRequest } from '../middleware/http/request.js'
import { SocketWatches } from '../middleware/http/socket-watches.js'
import type { GuardCall } from '../middleware/guard/authentication.js'
import type { Middleware } from '../middleware/types.js'
import { type ApiProxyOptions, parseApiProxyOptions } from '../options/client/api-proxy.js'
import { type Admission, admit, isWebSocket } from './admission.js'
import { isLoginNeeded, upstreamError } from './upstream/failures.js'
import { forwardingOf, restOf } from './forwarding.js'
import { forward } from './response.js'
import { Upstream } from './upstream/upstream.js'
import { forwardWebSocket } from './web-socket.js'

/** The middleware that `apiProxy()` returns. */
export interface ApiProxy extends Middleware {
  /** Ends the connections to the API, those with requests on them too. */
  close(): Promise<void>
}

/**
 * Creates middleware that sends requests of this application's scripts on to an API, with the session's access token in place of
 * the cookie: a page never sees a token. Path, query, body and response pass as they are; credentials, cookies and headers of one
 * connection do not. The token is renewed when it is due, and once more after a 401, if the request has no body.
 *
 * Mount it after `oidc()` and `csrf()`, and before body parsers. Every request, GET too, needs the header of `csrf()`, `X-CSRF: 1`.
 * A WebSocket has to come from this application's origin, and needs {@link upgradeListener}. If nobody is signed in, the response is
 * 401 as problem+json with `login_url`.
 *
 * @param target - URL of the API: requests go to this origin and below this path only
 * @example
 * ```ts
 * import { csrf } from 'express-oidc'
 * import { apiProxy } from 'express-oidc/proxy'
 *
 * app.use(csrf())
 * app.use('/api', requireAuth(), apiProxy('https://api.example.com/v1'))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 */
export function apiProxy(target: string, options: ApiProxyOptions = {}): ApiProxy {
  const configuration = parseApiProxyOptions(target, options)
  const upstream = new Upstream(configuration)
  const queued = new SocketWatches()

  const middleware: Middleware = function apiProxy(req, res, next) {
    const rest = restOf(req, configuration.mountPath)
    if (rest === undefined) {
      next()
      return
    }
    const call = { req, res, next }
    const httpRequest = createHttpRequest(req)
    const admission = admit(call, httpRequest)
    if (admission === undefined) return
    const send = isWebSocket(httpRequest) ? forwardWebSocket : forward
    const gone = new AbortController()
    // Aborting costs more than most of what is done here: only where there is something to abort.
    const leave = (): void => {
      if (!res.writableFinished) gone.abort()
    }
    res.once('close', leave)
    // One that waits for an earlier response of its connection: Node 20 does not tell it when the client goes.
    if (res.socket === null) queued.add(req, leave, res)
    const sent = attempt(() => send(forwardingOf({ call, admission, rest }, { configuration, upstream }), gone.signal))
    continueAfter(sent, call, done, (reason) =>
      report(reason, { call, admission, target, isGone: gone.signal.aborted, hasCertificate: upstream.hasCertificate }),
    )
  }
  return Object.assign(middleware, { close: () => upstream.close() })
}

const done = (): void => undefined

async function attempt(work: () => Promise<void>): Promise<void> {
  await work()
}

interface Failure {
  readonly call: GuardCall
  readonly admission: Admission
  readonly target: string
  readonly isGone: boolean
  readonly hasCertificate: boolean
}

function report(reason: unknown, { call, admission: { session }, target, isGone, hasCertificate }: Failure): void {
  if (isGone) return
  const error = upstreamError(reason, hasCertificate)
  if (!isOidcError(error)) {
    passOn(error, call)
    return
  }
  failedAt('request', { method: call.req.method ?? '', url: target }, error)
  if (isLoginNeeded(error)) session.challenge({ ...call, mode: 'respond', error })
  else session.forbid({ ...call, error })
}
