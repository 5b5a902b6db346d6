import { parseResourceMetadataOptions, type ResourceMetadataOptions } from '../options/bearer/resource-metadata.js'
import { metadataDocument } from '../resource-server/metadata-document.js'
import { createHttpRequest } from './http/request.js'
import { respondOrFail } from './http/respond.js'
import type { Middleware } from './types.js'

/** The middleware that `resourceMetadata()` returns. */
export interface ResourceMetadataMiddleware extends Middleware {
  /** URL of the metadata. Pass the middleware to `bearer({ resourceMetadata })`, which names this URL in challenges. */
  readonly url: string
}

// Public, for pages of other origins too: browser-based clients begin here.
const headers = {
  'Content-Type': 'application/json',
  'Cache-Control': 'public, max-age=3600',
  'Access-Control-Allow-Origin': '*',
  'X-Content-Type-Options': 'nosniff',
}
const allowed = 'GET, HEAD, OPTIONS'

/**
 * Creates middleware that publishes the metadata of a protected resource: clients find its authorization server there. Mount
 * it at the root of the origin. The path is `/.well-known/oauth-protected-resource`, followed by the resource's own path.
 *
 * @example
 * ```ts
 * import { resourceMetadata } from 'express-oidc'
 *
 * const metadata = resourceMetadata({ resource: 'https://api.example.com/v1', authorizationServers: [issuer] })
 * app.use(metadata)
 * app.use('/v1', bearer({ issuer, audience: 'https://api.example.com/v1', resourceMetadata: metadata }))
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`. The message lists every invalid option.
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-3
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
