import { ConfigurationError } from '../errors.js'
import { isAudited, withAuditedRequest } from '../base/audit/audit.js'
import { problem } from '../http/problem.js'
import type { BearerOptions } from '../options/bearer/options.js'
import type { FrameworkRequest, FrameworkResponse } from '../options/framework.js'
import { type BearerConfiguration, parseBearerOptions, reachedBy } from '../options/bearer/schema.js'
import { type Runtime, runtimeFor } from '../base/runtime.js'
import type { Principal } from '../policy/principal.js'
import type { ProviderHealth } from '../provider/types.js'
import { createResourceServer, type ResourceServer } from '../resource-server/resource-server.js'
import { BearerAuthentication } from './guard/bearer-authentication.js'
import { createPrincipalFinder, type PrincipalFinder } from './guard/principal-finder.js'
import { LivePrincipals, type TokenConnection } from './guard/live-principals.js'
import { certificateSource } from './http/client-certificate.js'
import { FailedAuthentication } from './guard/failed-authentication.js'
import { callOnError, continueAfter, passOn, thrownError } from './http/error-response.js'
import { addAuthenticationHandler, auth, type GuardCall } from './guard/authentication.js'
import { respondOrFail } from './http/respond.js'
import type { Middleware, NodeRequest } from './types.js'
import { isOidcError } from '../base/error-cause.js'

/** The middleware that `bearer()` returns. */
export interface BearerMiddleware extends Middleware {
  /**
   * Returns who makes a request that bypasses middleware, such as a WebSocket upgrade, and a signal for the end of the token or API key. With
   * `required: false` it returns `undefined` for a request without credentials.
   *
   * @example
   * ```ts
   * import { createServer } from 'node:http'
   *
   * const api = bearer({ issuer, audience: 'https://api.example.com' })
   * createServer(app).on('upgrade', async (req, socket) => {
   *   const connection = await api.authenticate(req).catch(() => undefined)
   *   if (connection === undefined) return socket.destroy()
   *   connection.signal.addEventListener('abort', () => socket.destroy())
   * })
   * ```
   *
   * @throws {BearerError} `missing_token`, `invalid_request`, `invalid_token`, `invalid_api_key`, `invalid_dpop_proof` or
   *   `use_dpop_nonce`
   * @throws {ProviderError} if the authorization server is needed and unavailable, or `check` or `apiKey.verify` fails or is too slow
   * @throws {ConfigurationError} `invalid_options` if one of these two returns an invalid value
   */
  authenticate(req: NodeRequest): Promise<TokenConnection | undefined>
  /**
   * Fetches metadata and keys before the first token arrives.
   *
   * @throws {ProviderError} when an issuer is unavailable. Later requests try again.
   */
  ready(): Promise<void>
  /** State of each issuer's metadata and keys, as last seen. It makes no request. */
  health(): readonly ProviderHealth[]
  /** Stops background work and closes connections. */
  close(): void
}

/**
 * Creates middleware that validates access tokens and sets `req.auth`. A request without a valid token is refused with 401
 * and a challenge. With `required: false`, requests without credentials pass too.
 *
 * @example
 * ```ts
 * app.use('/api', bearer({ issuer: 'https://id.example.com', audience: 'https://api.example.com' }))
 * app.get('/api/orders', requireAuth(scope('orders:read')), listOrders)
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`. The message lists every invalid option.
 * @see https://www.rfc-editor.org/rfc/rfc6750
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
 * @see https://www.rfc-editor.org/rfc/rfc7662
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-3
 */
export function bearer<Request = FrameworkRequest, Response = FrameworkResponse>(
  options: BearerOptions<Request, Response>,
  ..._none: readonly undefined[]
): BearerMiddleware {
  const configuration = parseBearerOptions(options)
  return createBearer(configuration, runtimeFor(...reachedBy(configuration)))
}

/** Creates the middleware from a checked configuration and a given runtime. */
export function createBearer(configuration: BearerConfiguration, runtime: Runtime): BearerMiddleware {
  requireBaseUrl(configuration)
  const server = createResourceServer(configuration, runtime)
  const findPrincipal = principalFinder(configuration, server)
  const live = new LivePrincipals(runtime, configuration.clockToleranceSeconds)
  const handle = createHandler(configuration, { server, findPrincipal, now: runtime.now })

  const middleware: Middleware = function bearer(req, res, next) {
    if (isAudited()) withAuditedRequest(req, () => handle(req, res, next))
    else handle(req, res, next)
  }

  return Object.assign(middleware, {
    authenticate: async (req: NodeRequest) =>
      live.connect(await withAuditedRequest(req, () => findPrincipal(req, undefined)), req),
    ready: () => server.ready(),
    health: () => server.health(),
    close: () => {
      for (const part of [live, server]) part.close()
    },
  })
}

interface HandlerParts {
  readonly server: ResourceServer
  readonly findPrincipal: PrincipalFinder
  readonly now: () => number
}

function createHandler(
  { onError, required }: BearerConfiguration,
  { server, findPrincipal, now }: HandlerParts,
): Middleware {
  const refuse = (error: unknown, call: GuardCall) => answer(error, call, { onError, isGuard: true })

  return (req, res, next) => {
    const call = { req, res, next }
    const enter = (principal: Principal | undefined) => {
      addAuthenticationHandler(req, new BearerAuthentication(principal, server.challenges, refuse, now))
      if (principal !== undefined) auth.giveTo(req)
      next()
    }
    const fail = (error: unknown) => {
      if (onError !== undefined)
        addAuthenticationHandler(req, new FailedAuthentication({ scheme: 'bearer' }, error, refuse))
      // Where a token is required, no guard may follow: this one must refuse by itself.
      answer(error, call, { onError, isGuard: required })
    }
    let found: Principal | undefined | Promise<Principal>
    try {
      found = findPrincipal(req, res)
    } catch (error) {
      fail(error)
      return
    }
    if (found instanceof Promise) continueAfter(found, call, enter, fail)
    else enter(found)
  }
}

function principalFinder(configuration: BearerConfiguration, server: ResourceServer): PrincipalFinder {
  const { baseUrl, mtls, required, apiKey } = configuration
  const { baseUrls = baseUrl === undefined ? [] : [baseUrl] } = configuration
  const reading = { baseUrls, certificateThumbprint: certificateSource(mtls) }
  return createPrincipalFinder({ server, reading, required, keyHeader: apiKey?.header })
}

function requireBaseUrl({ dpop, baseUrl, baseUrls }: BearerConfiguration): void {
  if (dpop.mode === 'off' || baseUrl !== undefined || baseUrls !== undefined) return
  const message =
    'bearer(): invalid options\n  - "baseUrl" is missing: DPoP proofs name the URL, and the Host header is never used to build it'
  throw new ConfigurationError('invalid_options', message)
}

interface Answering {
  readonly onError: BearerConfiguration['onError']
  readonly isGuard: boolean
}

function answer(error: unknown, call: GuardCall, { onError, isGuard }: Answering): void {
  const { req, res } = call
  if (!isOidcError(error)) {
    passOn(thrownError(error), call)
    return
  }
  const byItself = (): void =>
    error instanceof ConfigurationError ? passOn(error, call) : respondOrFail(call, problem(error))
  if (onError === undefined) byItself()
  else callOnError((once) => onError(error, { req, res, next: once }), call, isGuard ? byItself : undefined)
}
