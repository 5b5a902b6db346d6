import { Readable } from 'node:stream'
import { ConfigurationError } from '../errors.js'
import type { GuardCall } from '../middleware/guard/authentication.js'
import { mountPathOf } from '../middleware/mount.js'
import type { NodeRequest } from '../middleware/types.js'
import type { ApiProxyConfiguration } from '../options/client/api-proxy.js'
import type { Admission } from './admission.js'
import { refusedMethod, refusedTarget } from './refusals.js'
import { isPlainPath, plainTarget } from './path.js'
import { forwardedHeaders, hasBody } from './request-headers.js'
import type { Upstream, UpstreamCall } from './upstream/upstream.js'

/** A request that is sent on: who may send it, and what becomes of it at the API. */
export interface Forwarding {
  readonly call: GuardCall
  readonly admission: Admission
  readonly configuration: ApiProxyConfiguration
  readonly upstream: Upstream
  /** The path of this application that stands for the target. */
  readonly prefix: string
  readonly url: URL
  readonly request: Pick<UpstreamCall, 'method' | 'path' | 'headers' | 'body'>
}

const refusedMethods: readonly string[] = ['CONNECT', 'TRACE', 'TRACK']

/** The part of a request's target that is for the API; `undefined` if the request is not below the mount path. */
export function restOf(req: NodeRequest, mountPath: string | undefined): string | undefined {
  if (mountPath === undefined) return req.url ?? '/'
  const whole = wholeTarget(req)
  if (!whole.startsWith(mountPath)) return undefined
  const rest = whole.slice(mountPath.length)
  if (rest.startsWith('/')) return rest
  return rest === '' || rest.startsWith('?') ? `/${rest}` : undefined
}

/**
 * Decides where a request goes at the API, and what goes along.
 *
 * @throws {AccessError} `not_forwarded`
 * @throws {ConfigurationError} `body_already_read`
 */
export function forwardingOf(
  { call, admission, rest }: Pick<Forwarding, 'call' | 'admission'> & { readonly rest: string },
  { configuration, upstream }: Pick<Forwarding, 'configuration' | 'upstream'>,
): Forwarding {
  const { req } = call
  const { method = 'GET' } = req
  if (refusedMethods.includes(method)) throw refusedMethod()
  const { url, path } = placeAt(upstream, req, rest, configuration)
  const headers = forwardedHeaders(req, admission.csrf.header)
  const request = { method, path, headers, body: bodyOf(req) }
  const prefix = configuration.mountPath ?? mountPathOf(req)
  return { call, admission, configuration, upstream, prefix, url, request }
}

// The query is sent as it came: `URL` would spell it differently.
function placeAt(
  upstream: Upstream,
  req: NodeRequest,
  rest: string,
  { allowEncodedSlashes }: ApiProxyConfiguration,
): { readonly url: URL; readonly path: string } {
  const target = plainTarget(rest, allowEncodedSlashes)
  if (typeof target === 'string') throw refusedTarget(target)
  const whole = wholeTarget(req).replace(/\?.*$/s, '')
  // Express 4 takes the second slash of /api//orders away, where a guard of /api/orders has not seen the path.
  if (whole !== target.path && !isPlainPath(whole, allowEncodedSlashes)) throw refusedTarget('spelling')
  // A URL of the API itself may have no slash at its end.
  const isBare = target.path === '/' && !whole.endsWith('/')
  const path = isBare && upstream.basePath !== '' ? upstream.basePath : upstream.basePath + target.path
  const url = new URL(upstream.origin + path + target.search)
  if (url.origin !== upstream.origin || url.pathname !== path) throw refusedTarget('spelling')
  return { url, path: path + target.search }
}

// The body is read from a stream of its own: when the API breaks off, the request must stay, for a response.
function bodyOf(req: NodeRequest): Readable | null {
  if (!hasBody(req)) return null
  if (req.readableDidRead) {
    const message =
      'apiProxy() cannot send the body on, since a body parser has read it: mount apiProxy() before express.json() and the like'
    throw new ConfigurationError('body_already_read', message)
  }
  return Readable.from(chunksOf(req))
}

// `for await` returns from the iterator of the request, and never throws into it: that would take the socket from the request. What the
// API did not want is read to its end, since the connection has no next request before (RFC 9112 section 9.3).
async function* chunksOf(req: NodeRequest): AsyncGenerator {
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) yield chunk
  } finally {
    req.resume()
  }
}

function wholeTarget(req: NodeRequest): string {
  return req.originalUrl ?? req.url ?? '/'
}
