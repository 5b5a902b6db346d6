import { createExchangedTokens } from '../client/token-exchange.js'
import { ConfigurationError } from '../errors.js'
import type { Claims } from '../policy/principal.js'
import type { OidcOptions } from '../options/oidc/options.js'
import { type OidcConfiguration, parseOidcOptions } from '../options/oidc/schema.js'
import { type Runtime, systemRuntime } from '../base/runtime.js'
import { warnOfUnsharedRefreshes } from '../options/oidc/unshared-refreshes.js'
import { createProvider } from '../provider/provider.js'
import type { Health } from '../provider/types.js'
import { OutageGate } from '../base/circuit-breaker.js'
import { createRelyingParty } from '../relying-party/relying-party.js'
import { byCookieName, baseUrlOf, transactionCookieName } from '../relying-party/base-url.js'
import { type Connection, createConnections } from './session/connection.js'
import { createHttpRequest } from './http/request.js'
import { FailedAuthentication } from './guard/failed-authentication.js'
import { fail, goOn } from './http/error-response.js'
import {
  type GuardCall,
  addAuthenticationHandler,
  auth,
  authenticationHandlersOf,
  isSession,
  oidcHandle,
} from './guard/authentication.js'
import { type OidcContext, type RequestContext, openRequest } from './session/request-context.js'
import { answerProvider, routeOf } from './routes/routes.js'
import { createSessionStorages } from './session/storage/session-storage.js'
import { loginUrl, SessionAuthentication } from './guard/session-authentication.js'
import { trySilentLogin } from './routes/silent-login.js'
import { createFlowCookies } from './session/flow-cookies.js'
import { createTransactionCookies } from './session/transaction-cookies.js'
import { clientSettings, providerSettings } from './provider-settings.js'
import type { Middleware, NodeRequest } from './types.js'
import type { HttpRequest } from '../http/request.js'
import { privateHeaders } from '../http/problem.js'
import { pageTarget } from '../http/return-to.js'
import { transactionSeconds } from '../relying-party/login/transaction/transaction.js'

// Each session may have several, and each is asked for again once it has been forgotten.
const maxExchanges = 10_000

/** The middleware that `oidc()` returns. */
export interface OidcMiddleware extends Middleware {
  /**
   * Who makes a request that no middleware saw, such as a WebSocket upgrade. An upgrade counts only from a page of this
   * application: browsers let every site open WebSockets, with cookies (CWE-1385). Its `signal` says when that is over.
   *
   * @throws {SessionError} `session_store_unavailable`: it is not known whether someone is signed in
   */
  authenticate(req: NodeRequest): Promise<Connection | undefined>
  /**
   * Fetches metadata and keys ahead of the first login.
   *
   * @throws {ProviderError} when the provider is away: later logins try again
   */
  ready(): Promise<void>
  /** Metadata, keys, token endpoint, session store and shared store as last seen; makes no request. */
  health(): Health
  /** Stops what runs in the background. */
  close(): void
}

/**
 * Creates middleware that signs people in by OpenID Connect: authorization code flow with state, nonce and PKCE, always.
 * It adds the login, callback and logout routes and sets `req.oidc` and `req.auth`.
 *
 * @throws {ConfigurationError} `invalid_options`, naming every option that is wrong.
 * @see OpenID Connect Core 1.0 section 3.1
 */
export function oidc<PersonClaims extends object = Claims>(options: OidcOptions<PersonClaims>): OidcMiddleware {
  const configuration = parseOidcOptions(options)
  // What a session of the application's own lies in is known with the first login.
  if (configuration.session.use !== 'request') warnOfUnsharedRefreshes(configuration)
  return createOidc(configuration, systemRuntime)
}

/** Creates the middleware from a checked configuration, on a given clock. */
export function createOidc(configuration: OidcConfiguration, runtime: Runtime): OidcMiddleware {
  const host = createContext(configuration, runtime)
  const { rp } = host
  const connections = createConnections(rp, host.storageOf)

  const middleware: Middleware = function oidc(req, res, next) {
    if (authenticationHandlersOf(req).some(isSession)) {
      next(
        new ConfigurationError('mounted_twice', 'oidc() ran twice for one request: mount it once, before all guards'),
      )
      return
    }
    const call = { req, res, next }
    const httpRequest = createHttpRequest(req)
    if (answerProvider(host, httpRequest, call)) return
    const begin = (request: RequestContext): void => beginRequest(host, request, call)
    const opened = opening(host, httpRequest, call)
    if (opened instanceof Promise) goOn(opened, call, begin, (error) => failToOpen(host, error, call))
    else if (opened !== undefined) begin(opened)
  }

  return Object.assign(middleware, {
    authenticate: (req: NodeRequest) => connections.open(req),
    ready: () => rp.provider.ready(),
    health: () => ({ ...rp.provider.health(), ...storeHealth(rp) }),
    close: () => {
      for (const part of [connections, host.exchanges.cache, rp.provider]) part.close()
    },
  })
}

function opening(
  host: OidcContext,
  httpRequest: HttpRequest,
  call: GuardCall,
): ReturnType<typeof openRequest> | undefined {
  try {
    return openRequest(host, httpRequest, call.req, call.res)
  } catch (error) {
    failToOpen(host, error, call)
    return undefined
  }
}

// Not knowing whether someone is signed in is no reason to say that nobody is: guards tell the same, where onError goes on.
function failToOpen({ rp }: OidcContext, error: unknown, call: GuardCall): void {
  const { onError } = rp.configuration
  const httpRequest = createHttpRequest(call.req)
  const base = baseUrlOf(rp.baseUrls, httpRequest)
  const retryUrl = loginUrl(base, pageTarget(httpRequest, base.returnTo))
  if (onError !== undefined) {
    const refuse = (failure: unknown, guard: GuardCall) => fail(failure, onError, { ...guard, retryUrl, isGuard: true })
    addAuthenticationHandler(
      call.req,
      new FailedAuthentication({ scheme: 'session', origin: base.origin }, error, refuse),
    )
  }
  fail(error, onError, { ...call, retryUrl })
}

function beginRequest(host: OidcContext, request: RequestContext, call: GuardCall): void {
  const { req, res } = call
  addAuthenticationHandler(req, new SessionAuthentication(host, request))
  auth.giveTo(req)
  oidcHandle.giveTo(req)
  const route = routeOf(host, request)
  // Something has answered meanwhile, such as a deadline: a code that were spent now would be lost.
  if (res.headersSent) {
    if (route === undefined) call.next()
    return
  }
  if (route === undefined) {
    trySilentLogin(host, request, call)
    return
  }
  // Also for error pages of the application: their URL may hold a code, and 405 and 410 may be cached by default.
  for (const name of ['Cache-Control', 'Referrer-Policy']) res.setHeader(name, privateHeaders[name] ?? '')
  route(host, request, call)
}

function storeHealth({ sessionStore, sharedStore }: OidcContext['rp']): Pick<Health, 'store'> {
  const states = [sessionStore, sharedStore].flatMap((sharedStore) =>
    sharedStore === undefined ? [] : [sharedStore.state()],
  )
  const [first] = states
  return first === undefined ? {} : { store: states.find((state) => state === 'failing') ?? first }
}

function createContext(configuration: OidcConfiguration, runtime: Runtime): OidcContext {
  const provider = createProvider(providerSettings(configuration, runtime), clientSettings(configuration))
  const rp = createRelyingParty(configuration, provider, runtime)
  const { secure } = rp.baseUrls[0]
  const { issuer, clientId, session } = configuration
  const formPost = configuration.authorizationParams['response_mode'] === 'form_post'
  return {
    rp,
    storageOf: createSessionStorages(rp),
    binding: {
      limits: session,
      runtime,
      refreshes: rp.refreshes,
      forget: (record) => {
        rp.userinfo.forget(record)
        rp.grants.unverified.forget(record)
      },
    },
    transactionCookies: createTransactionCookies({
      name: transactionCookieName(configuration),
      secure,
      formPost,
      maxAgeSeconds: transactionSeconds,
    }),
    exchanges: createExchangedTokens({ issuer, clientId, cacheMaxEntries: maxExchanges }, provider, runtime),
    flowCookies: byCookieName(rp.baseUrls, (name) => createFlowCookies(name, secure)),
    silentLogins: new OutageGate(runtime),
  }
}
