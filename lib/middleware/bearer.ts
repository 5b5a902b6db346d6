import { ConfigurationError } from '../errors.js'
import { problem } from '../http/problem.js'
import type { BearerOptions } from '../options/bearer/options.js'
import { type BearerConfiguration, parseBearerOptions } from '../options/bearer/schema.js'
import { type Runtime, systemRuntime } from '../base/runtime.js'
import { traced } from '../base/diagnostics.js'
import type { Principal } from '../policy/principal.js'
import type { ProviderHealth } from '../provider/types.js'
import { createResourceServer, type ResourceServer } from '../resource-server/resource-server.js'
import { BearerAuthentication } from './guard/bearer-authentication.js'
import { NodeTokenRequest, presentedCredentials, type RequestReading } from './guard/bearer-request.js'
import { certificateSource } from './http/client-certificate.js'
import { FailedAuthentication } from './guard/failed-authentication.js'
import { callOnError, goOn, isOidcError, thrownError } from './http/error-response.js'
import { addAuthenticationHandler, auth, type GuardCall } from './guard/authentication.js'
import { respondOrFail } from './http/respond.js'
import type { Middleware, NodeRequest, NodeResponse } from './types.js'

/** The middleware that `bearer()` returns. */
export interface BearerMiddleware extends Middleware {
  /**
   * Who makes a request that no middleware saw, such as a WebSocket upgrade; `undefined` for absent credentials where
   * `required` is false.
   *
   * @throws {BearerError} with status and challenge
   * @throws {ProviderError} when the authorization server is needed, and away
   */
  authenticate(req: NodeRequest): Promise<Principal | undefined>
  /**
   * Fetches metadata and keys ahead of the first token.
   *
   * @throws {ProviderError} when an issuer is away: later requests try again
   */
  ready(): Promise<void>
  /** Metadata and keys of each issuer as last seen; makes no request. */
  health(): readonly ProviderHealth[]
  /** Stops what runs in the background. */
  close(): void
}

/**
 * Creates middleware that lets requests in by their access token (RFC 6750) and sets `req.auth`; with `required: false` those
 * without any credentials too.
 *
 * @throws {ConfigurationError} `invalid_options`, naming every option that is wrong.
 * @see RFC 9068 section 4, RFC 7662, RFC 9449, RFC 8705
 */
export function bearer(options: BearerOptions): BearerMiddleware {
  return createBearer(parseBearerOptions(options), systemRuntime)
}

/** Creates the middleware from a checked configuration, on a given clock. */
export function createBearer(configuration: BearerConfiguration, runtime: Runtime): BearerMiddleware {
  requireBaseUrl(configuration)
  const server = createResourceServer(configuration, runtime)
  const { baseUrl, mtls, required } = configuration
  const finding = { server, reading: { baseUrl, certificateThumbprint: certificateSource(mtls) }, required }
  const { onError } = configuration
  const refuse = (error: unknown, call: GuardCall) => answer(error, call, { onError, isGuard: true })

  const middleware: Middleware = function bearer(req, res, next) {
    const call = { req, res, next }
    const enter = (principal: Principal | undefined) => {
      addAuthenticationHandler(req, new BearerAuthentication(principal, server.refusals, refuse))
      if (principal !== undefined) auth.giveTo(req)
      next()
    }
    const fail = (error: unknown) => {
      if (onError !== undefined)
        addAuthenticationHandler(req, new FailedAuthentication({ scheme: 'bearer' }, error, refuse))
      // Where everybody needs a token there may be no guard behind this one.
      answer(error, call, { onError, isGuard: required })
    }
    let found: Principal | undefined | Promise<Principal>
    try {
      found = findPrincipal(req, finding, res)
    } catch (error) {
      fail(error)
      return
    }
    if (found instanceof Promise) goOn(found, call, enter, fail)
    else enter(found)
  }

  return Object.assign(middleware, {
    authenticate: async (req: NodeRequest) => findPrincipal(req, finding, undefined),
    ready: () => server.ready(),
    health: () => server.health(),
    close: () => server.close(),
  })
}

interface Finding {
  readonly server: ResourceServer
  readonly reading: RequestReading
  readonly required: boolean
}

// Only absent credentials make someone anonymous: a bad token is bad where none was needed, too.
function findPrincipal(
  req: NodeRequest,
  { server, reading, required }: Finding,
  res: NodeResponse | undefined,
): Principal | undefined | Promise<Principal> {
  const { value, isAmbiguous } = presentedCredentials(req)
  if (value === undefined && !required) return undefined
  if (isAmbiguous) {
    return traced('validation', {}, () => {
      throw server.refusals.malformed()
    })
  }
  return server.validator.validate(value, new NodeTokenRequest(req, reading, res))
}

function requireBaseUrl({ dpop, baseUrl }: BearerConfiguration): void {
  if (dpop.mode === 'off' || baseUrl !== undefined) return
  const message =
    'bearer(): invalid options\n  - "baseUrl" is missing: DPoP proofs name the URL, and Host is not believed'
  throw new ConfigurationError('invalid_options', message)
}

interface Answering {
  readonly onError: BearerConfiguration['onError']
  readonly isGuard: boolean
}

function answer(error: unknown, call: GuardCall, { onError, isGuard }: Answering): void {
  const { req, res, next } = call
  if (!isOidcError(error)) {
    next(thrownError(error))
    return
  }
  const byItself = (): void => respondOrFail(call, problem(error))
  if (onError === undefined) byItself()
  else callOnError((once) => onError(error, { req, res, next: once }), call, isGuard ? byItself : undefined)
}
