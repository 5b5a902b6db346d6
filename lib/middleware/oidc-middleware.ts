import { ConfigurationError } from '../errors.js'
import { isAudited, withAuditedRequest } from '../base/audit/audit.js'
import type { OidcConfiguration } from '../options/oidc/schema.js'
import { noteLogin } from '../resource-server/issuers/logins.js'
import { type Runtime, internals } from '../base/runtime.js'
import type { Readiness } from '../provider/readiness.js'
import type { ProvidersHealth } from '../provider/health.js'
import type { Health } from '../provider/types.js'
import { baseUrlOf } from '../relying-party/base-urls.js'
import type { ProvidersConfiguration } from '../options/oidc/providers/parse-providers.js'
import { auditLostSession } from './audit/session.js'
import { createContext, createContextOfSeveral } from './context.js'
import { type Connection, createConnections } from './session/connection.js'
import { noLinks } from './http/error-page.js'
import { createHttpRequest } from './http/request.js'
import type { Connect } from './guard/api-access.js'
import { FailedAuthentication } from './guard/failed-authentication.js'
import { continueAfter, fail, passOn } from './http/error-response.js'
import {
  type GuardCall,
  addAuthenticationHandler,
  auth,
  authenticationHandlersOf,
  isSession,
  oidcHandle,
} from './guard/authentication.js'
import { createPersonSessions, type PersonSessions } from './session/list/person-sessions.js'
import { type OidcContext, type RequestContext, openRequest } from './session/request-context.js'
import { answerDevice } from './routes/device.js'
import { answerProvider, routeOf } from './routes/routes.js'
import { errorLinks, SessionAuthentication } from './guard/session-authentication.js'
import { trySilentLogin } from './routes/silent-login.js'
import type { Middleware, NodeRequest } from './types.js'
import type { HttpRequest } from '../http/request.js'
import { pageTarget } from '../http/return-to.js'

/** The middleware that `oidc()` returns. */
export interface OidcMiddleware<State = Health> extends Middleware {
  /**
   * Returns who makes a request that bypasses middleware, such as a WebSocket upgrade, or `undefined` if nobody is signed in.
   * An upgrade counts only from a page of this application: browsers let every site open WebSockets, with cookies (CWE-1385).
   *
   * @example
   * ```ts
   * import { createServer } from 'node:http'
   *
   * const login = oidc(options)
   * createServer(app).on('upgrade', async (req, socket) => {
   *   const connection = await login.authenticate(req).catch(() => undefined)
   *   if (connection === undefined) return socket.destroy()
   *   connection.signal.addEventListener('abort', () => socket.destroy())
   * })
   * ```
   *
   * @throws {SessionError} `session_store_unavailable`: it is not known whether someone is signed in
   * @throws {ProviderError} `provider_options_unavailable`: a function `providers` fails, and nothing is known of the session's
   * @throws {AccessError} `host_not_allowed`: no pattern in `baseUrls` fits the host
   */
  authenticate(req: NodeRequest): Promise<Connection | undefined>
  /** The sessions of any person: to list, and to end. They need a shared store. */
  readonly sessions: PersonSessions
  /**
   * Fetches metadata and keys before the first login.
   *
   * @returns warnings of settings that do not fit the metadata, such as an `idTokenSigningAlg` that it does not list
   * @throws {ProviderError} when the provider is unavailable. Later logins try again.
   */
  ready(): Promise<Readiness>
  /** State of the metadata, keys, token endpoint, session store and shared store, as last seen. It makes no request. */
  health(): State
  /** Stops background work and closes connections. */
  close(): void
}

/** Creates the middleware from a checked configuration and a given runtime. */
export function createOidc(configuration: OidcConfiguration, runtime: Runtime): OidcMiddleware {
  const { context, rp } = createContext(configuration, runtime)
  noteLogin(configuration)
  return createMiddleware(context, () => rp.provider.health())
}

/** The same for several providers. */
export function createOidcOfSeveral(
  configuration: ProvidersConfiguration,
  runtime: Runtime,
): OidcMiddleware<ProvidersHealth> {
  const context = createContextOfSeveral(configuration, runtime)
  return createMiddleware(context, () => ({ providers: context.relyingParties.health() }))
}

function createMiddleware<State extends object>(
  context: OidcContext,
  health: () => State,
): OidcMiddleware<State & Pick<Health, 'store'>> {
  const { application, relyingParties } = context
  const connections = createConnections(context)

  const handle: Middleware = (req, res, next) => {
    if (authenticationHandlersOf(req).some(isSession)) {
      passOn(mountedTwice(), { res, next })
      return
    }
    const call = { req, res, next }
    const httpRequest = createHttpRequest(req)
    if (application.baseUrls.mayRefuse && isRefusedHost(context, httpRequest, call)) return
    if (answerProvider(context, httpRequest, call)) return
    if (context.devices !== undefined && answerDevice(context, context.devices, httpRequest, call)) return
    const begin = (request: RequestContext): void =>
      beginRequest(context, request, call, () => connections.open(req, res))
    const opened = tryOpenRequest(context, httpRequest, call)
    if (opened instanceof Promise) continueAfter(opened, call, begin, (error) => failToOpen(context, error, call))
    else if (opened !== undefined) begin(opened)
  }
  const middleware: Middleware = function oidc(req, res, next) {
    if (isAudited()) withAuditedRequest(req, () => handle(req, res, next))
    else handle(req, res, next)
  }

  internals().middlewares.set(middleware, context)
  return Object.assign(middleware, {
    authenticate: (req: NodeRequest) => withAuditedRequest(req, () => connections.open(req)),
    sessions: createPersonSessions(context),
    ready: () => relyingParties.ready(),
    health: () => ({ ...health(), ...storeHealth(application) }),
    close: () => {
      for (const part of [connections, relyingParties]) part.close()
    },
  })
}

// The routes and cookies depend on the host, and so does the page that onError would offer for another try.
function isRefusedHost({ application }: OidcContext, httpRequest: HttpRequest, call: GuardCall): boolean {
  try {
    baseUrlOf(application.baseUrls, httpRequest)
    return false
  } catch (error) {
    fail(error, { pages: application.configuration.pages, onError: undefined }, { ...call, ...noLinks })
    return true
  }
}

function mountedTwice(): ConfigurationError {
  return new ConfigurationError('mounted_twice', 'oidc() ran twice for one request: mount it once, before all guards')
}

function tryOpenRequest(
  context: OidcContext,
  httpRequest: HttpRequest,
  call: GuardCall,
): ReturnType<typeof openRequest> | undefined {
  try {
    return openRequest(context, httpRequest, call.req, call.res)
  } catch (error) {
    failToOpen(context, error, call)
    return undefined
  }
}

// An unreadable session does not mean that nobody is signed in: if onError goes on, guards report the same error.
function failToOpen({ application }: OidcContext, error: unknown, call: GuardCall): void {
  const { configuration } = application
  const httpRequest = createHttpRequest(call.req)
  const base = baseUrlOf(application.baseUrls, httpRequest)
  const links = errorLinks(base, pageTarget(httpRequest, base.returnTo))
  if (configuration.onError !== undefined) {
    const refuse = (failure: unknown, guard: GuardCall) =>
      fail(failure, configuration, { ...guard, ...links, isGuard: true })
    addAuthenticationHandler(
      call.req,
      new FailedAuthentication({ scheme: 'session', origin: base.origin }, error, refuse),
    )
  }
  fail(error, configuration, { ...call, ...links })
}

function beginRequest(context: OidcContext, request: RequestContext, call: GuardCall, connect: Connect): void {
  const { req, res } = call
  if (isAudited()) auditLostSession(request)
  addAuthenticationHandler(req, new SessionAuthentication(context, request, connect))
  auth.giveTo(req)
  oidcHandle.giveTo(req)
  const route = routeOf(context, request)
  // Something else has responded meanwhile, such as a time-out: a code exchanged now would be lost.
  if (res.headersSent) {
    if (route === undefined) call.next()
    return
  }
  if (route === undefined) {
    const revalidated = context.revalidation.start(request)
    if (revalidated === undefined) trySilentLogin(context, request, call)
    else continueAfter(revalidated, call, () => afterRevalidation(context, request, call))
    return
  }
  route(context, request, call)
}

function afterRevalidation(context: OidcContext, request: RequestContext, call: GuardCall): void {
  if (call.res.headersSent) call.next()
  else trySilentLogin(context, request, call)
}

function storeHealth({ sessionStore, sharedStore }: OidcContext['application']): Pick<Health, 'store'> {
  const states = [sessionStore, sharedStore].flatMap((store) => (store === undefined ? [] : [store.state()]))
  const [first] = states
  return first === undefined ? {} : { store: states.find((state) => state === 'failing') ?? first }
}
