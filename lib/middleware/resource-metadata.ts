import { parseResourceMetadataOptions, type ResourceMetadataOptions } from '../options/bearer/resource-metadata.js'
import { metadataDocument } from '../resource-server/metadata-document.js'
import { createHttpRequest } from './http/request.js'
import { respondOrFail } from './http/respond.js'
import type { Middleware } from './types.js'

/** The middleware that `resourceMetadata()` returns. */
export interface ResourceMetadataMiddleware extends Middleware {
  /** Where the metadata is published: for `bearer({ resourceMetadata })`, which names it in challenges. */
  readonly url: string
}

// Anyone may read it, pages of other origins too: browser-based clients begin here.
const headers = {
  'Content-Type': 'application/json',
  'Cache-Control': 'public, max-age=3600',
  'Access-Control-Allow-Origin': '*',
  'X-Content-Type-Options': 'nosniff',
}
const allowed = 'GET, HEAD, OPTIONS'

/**
 * Creates middleware that publishes a protected resource's metadata, so that clients find its authorization server. Mount it
 * at the root of the origin: the path is `/.well-known/oauth-protected-resource`, followed by the resource's own path.
 *
 * @throws {ConfigurationError} `invalid_options`, naming every option that is wrong
 * @see RFC 9728
 */
export function resourceMetadata(options: ResourceMetadataOptions): ResourceMetadataMiddleware {
  const { url, path, body } = metadataDocument(parseResourceMetadataOptions(options))

  const middleware: Middleware = function resourceMetadata(req, res, next) {
    const httpRequest = createHttpRequest(req)
    const call = { req, res, next }
    if (httpRequest.path !== path) next()
    else if (httpRequest.method === 'GET' || httpRequest.method === 'HEAD') {
      respondOrFail(call, { kind: 'respond', status: 200, headers, body })
    } else if (httpRequest.method === 'OPTIONS') {
      const preflight = { 'Access-Control-Allow-Methods': allowed, 'Access-Control-Allow-Headers': '*' }
      respondOrFail(call, { kind: 'respond', status: 204, headers: { ...headers, ...preflight }, body: '' })
    } else {
      respondOrFail(call, { kind: 'respond', status: 405, headers: { ...headers, Allow: allowed }, body: '{}' })
    }
  }

  return Object.assign(middleware, { url })
}
