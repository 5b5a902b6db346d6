import {
  parseResourceMetadataOptions,
  type ResourceMetadataConfiguration,
  type ResourceMetadataOptions,
} from '../options/bearer/resource-metadata.js'
import { createMetadataMirror, metadataDocument, mirrorPath } from '../resource-server/metadata-document.js'
import { isOidcError } from '../base/error-cause.js'
import { type Runtime, systemRuntime } from '../base/runtime.js'
import { ConfigurationError } from '../errors.js'
import { problem } from '../http/problem.js'
import { createHttpRequest } from './http/request.js'
import { continueAfter, passOn, thrownError } from './http/error-response.js'
import { respondOrFail } from './http/respond.js'
import type { GuardCall } from './guard/authentication.js'
import { mountPathOf } from './mount.js'
import type { Middleware } from './types.js'

/** The middleware that `resourceMetadata()` returns. */
export interface ResourceMetadataMiddleware extends Middleware {
  /** URL of the metadata. Pass the middleware to `bearer({ resourceMetadata })`, which names this URL in challenges. */
  readonly url: string
  /** Stops background work and closes connections. */
  close(): void
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
export function resourceMetadata(
  options: ResourceMetadataOptions,
  ..._none: readonly undefined[]
): ResourceMetadataMiddleware {
  return createResourceMetadata(parseResourceMetadataOptions(options), systemRuntime)
}

/** Creates the middleware from a checked configuration and a given runtime. */
export function createResourceMetadata(
  configuration: ResourceMetadataConfiguration,
  runtime: Runtime,
): ResourceMetadataMiddleware {
  const { url, paths, body } = metadataDocument(configuration)
  const mirror = configuration.mirrorAuthorizationServer ? createMetadataMirror(configuration, runtime) : undefined

  const middleware: Middleware = function resourceMetadata(req, res, next) {
    const { path, method } = createHttpRequest(req)
    const call = { req, res, next }
    const mount = mountPathOf(req)
    const isFitting = mount === '' || paths.some((known) => known === mount || known.startsWith(`${mount}/`))
    if (!isFitting) passOn(unfittingMount(mount, url), call)
    else if (paths.includes(path)) respondWith(call, method, body)
    else if (mirror !== undefined && path === mirrorPath) {
      const document = method === 'GET' || method === 'HEAD' ? mirror.body() : Promise.resolve('{}')
      continueAfter(
        document,
        call,
        (text) => respondWith(call, method, text),
        (error) => (isOidcError(error) ? respondOrFail(call, problem(error)) : passOn(thrownError(error), call)),
      )
    } else next()
  }

  return Object.assign(middleware, { url, close: () => mirror?.close() })
}

function respondWith(call: GuardCall, method: string, body: string): void {
  if (method === 'GET' || method === 'HEAD') {
    respondOrFail(call, { kind: 'respond', status: 200, headers, body })
  } else if (method === 'OPTIONS') {
    const preflight = { 'Access-Control-Allow-Methods': allowed, 'Access-Control-Allow-Headers': '*' }
    respondOrFail(call, { kind: 'respond', status: 204, headers: { ...headers, ...preflight }, body: '' })
  } else {
    respondOrFail(call, { kind: 'respond', status: 405, headers: { ...headers, Allow: allowed }, body: '{}' })
  }
}

function unfittingMount(mount: string, url: string): ConfigurationError {
  return new ConfigurationError(
    'invalid_options',
    `resourceMetadata() is mounted at "${mount}", where requests for ${url} never come: mount it for the whole application`,
  )
}
