import { sentMethod } from '../fetch/dpop.js'
import type { ClientCredentialsOptions, TokenTargetOptions } from '../options/client/options.js'
import {
  type ClientCredentialsConfiguration,
  parseClientCredentialsOptions,
  parseTokenTarget,
} from '../options/client/schema.js'
import { type Runtime, runtimeFor } from '../base/runtime.js'
import { traced } from '../base/diagnostics.js'
import type { Provider } from '../provider/provider.js'
import type { TokenTarget } from '../provider/endpoints/token.js'
import { certificateThumbprint } from '../provider/tls/validity.js'
import { type AuthorizedFetch, fetchWithToken, requireAllowed } from '../fetch/authorized-fetch.js'
import { createCrossAppAccess } from './cross-app-access.js'
import { createExchangedTokens } from './token-exchange.js'
import { toCachedToken } from './token-lifetime.js'
import { SharedTokens } from './shared-tokens.js'
import { canonicalTarget, keysFor, defaultTarget } from './target.js'
import { AccessTokenCache } from './access-token-cache.js'
import { fetchOf } from '../options/common/http-client.js'
import { createTokenProvider } from './provider.js'
import type { TokenSource, AuthorizedRequest } from './token-source.js'
import { ConfigurationError } from '../errors.js'
import { omitUndefined } from '../base/json.js'

/**
 * Creates a source of tokens for service-to-service calls: by the client credentials grant, and on a user's behalf by token
 * exchange or by the JWT bearer grant. Nothing is fetched yet.
 *
 * @example
 * ```ts
 * import { clientCredentials } from 'express-oidc'
 *
 * const service = clientCredentials({ issuer, clientId, clientSecret, scope: 'orders:read' })
 * const response = await service.fetch('https://api.example.com/orders')
 * ```
 *
 * @throws {ConfigurationError} `invalid_options`. The message lists every invalid option.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-2
 */
export function clientCredentials(options: ClientCredentialsOptions): TokenSource {
  const configuration = parseClientCredentialsOptions(options)
  return createClientCredentials(configuration, runtimeFor(configuration))
}

/** Creates the source from a parsed configuration, with a given clock. */
export function createClientCredentials(configuration: ClientCredentialsConfiguration, runtime: Runtime): TokenSource {
  const provider = createTokenProvider(configuration, runtime)
  const shared = createSharedTokens(configuration, provider, runtime)
  const own = createOwnTokens(configuration, { provider, shared }, runtime)
  const exchanged = createExchangedTokens(configuration, provider, runtime)
  const getToken = async (target?: TokenTargetOptions) => {
    provider.tls?.refreshIfDue()
    return own.get(target)
  }
  const drop = (token: string) => {
    own.drop(token)
    exchanged.cache.drop(token)
  }
  const authorized = { ...apiCalls(configuration, provider), drop }
  // Anything bound to another certificate than the present one is refused.
  provider.tls?.onReplaced(() => [own.cache, exchanged.cache].forEach((cache) => cache.clear()))
  return {
    getToken,
    drop,
    exchange: async (exchange) => exchanged.get(exchange),
    onBehalfOf: async (request) => exchanged.redeem(request, 'on_behalf_of'),
    crossAppAccess: createCrossAppAccess(configuration.issuer, exchanged),
    fetch: (url, init, target) => fetchWithToken({ ...authorized, token: () => getToken(target) }, url, init),
    authorize: async (headers, target, request) => {
      const credentials = await authorizationFor(authorized, request, () => getToken(target))
      return { ...Object.fromEntries(new Headers(headers)), ...credentials }
    },
    revoke: async (token, tokenTypeHint) => {
      exchanged.cache.forget(token)
      await own.forget(token)
      return provider.revokeToken(token, tokenTypeHint)
    },
    ready: async () => {
      await getToken()
    },
    health: () => ({ ...provider.health(), ...omitUndefined({ sharedStore: shared?.health() }) }),
    close: () => {
      for (const part of [own.cache, exchanged.cache, provider]) part.close()
    },
  }
}

// Where tokens may be sent, and by what.
function apiCalls(
  configuration: ClientCredentialsConfiguration,
  { dpop, apiFetch }: Provider,
): Omit<AuthorizedFetch, 'token' | 'drop'> {
  const { allowedOrigins, dangerouslyAllowHttp } = configuration
  const fetchElsewhere = fetchOf(configuration)
  const origins = allowedOrigins === undefined ? undefined : new Set(allowedOrigins)
  return { fetch: apiFetch ?? fetchElsewhere, fetchElsewhere, allowedOrigins: origins, dangerouslyAllowHttp, dpop }
}

function createSharedTokens(
  { issuer, clientId, params, sharedStore, secret }: ClientCredentialsConfiguration,
  { dpop }: Provider,
  runtime: Runtime,
): SharedTokens | undefined {
  if (sharedStore === undefined || secret === undefined) return undefined
  // A bound token is useless without its key (RFC 9449 section 5), so only processes with the same one share tokens.
  const binding = dpop?.thumbprint ?? ''
  return new SharedTokens({
    sharedStore,
    secrets: secret,
    audience: [issuer, clientId, binding, ...Object.entries(params).sort().flat()],
    runtime,
  })
}

interface TokenOrigins {
  readonly provider: Provider
  readonly shared: SharedTokens | undefined
}

function createOwnTokens(
  configuration: ClientCredentialsConfiguration,
  { provider, shared }: TokenOrigins,
  runtime: Runtime,
) {
  const { scope, resource, audience, authorizationDetails, params } = configuration
  const cache = new AccessTokenCache(configuration.cacheMaxEntries, runtime)
  const keyOf = keysFor(configuration)
  const defaults = canonicalTarget({ scope, resource, audience, authorizationDetails }, defaultTarget)
  const defaultKey = keyOf(defaults)
  const fetchToken = async (target: TokenTarget) => {
    const sentAt = runtime.now()
    const granted = await traced('client_credentials', configuration, () => provider.clientCredentials(target, params))
    return toCachedToken(granted, sentAt, runtime)
  }
  const obtain = async (target: TokenTarget, request: TokenTargetOptions) => {
    parseTokenTarget(request)
    const fetch = () => fetchToken(target)
    if (shared === undefined) return fetch()
    await provider.tls?.current()
    return shared.get(boundKey(provider, keyOf(target)), fetch)
  }
  return {
    cache,
    drop: (token: string) => {
      cache.drop(token)
      shared?.refuse(token)
    },
    forget: async (token: string) => {
      const keys = cache.forget(token)
      shared?.refuse(token)
      await shared?.remove(keys.map((key) => boundKey(provider, key)))
    },
    get: (request?: TokenTargetOptions) => {
      if (request === undefined) return cache.get(defaultKey, () => obtain(defaults, {}))
      const target = canonicalTarget(request, defaults)
      return cache.get(keyOf(target), () => obtain(target, request))
    },
  }
}

// Tokens may be bound to the certificate (RFC 8705 section 3), which may be replaced.
function boundKey({ tls }: Provider, key: string): string {
  const known = tls?.known()
  return known === undefined ? key : `${key} ${certificateThumbprint(known)}`
}

/**
 * Returns the headers with a token, for a request that another HTTP client will make.
 *
 * @throws {ConfigurationError} `invalid_options` if a proof is needed and the request is not given
 * @throws whatever `token` throws
 */
async function authorizationFor(
  settings: Omit<AuthorizedFetch, 'token'>,
  request: AuthorizedRequest | undefined,
  token: () => Promise<string>,
): Promise<Readonly<Record<string, string>>> {
  const { dpop } = settings
  const url = request === undefined ? undefined : requireAllowed(request.url, settings, 'authorize()')
  if (dpop === undefined) return { authorization: `Bearer ${await token()}` }
  if (request === undefined || url === undefined) {
    const example = 'authorize(headers, target, { method, url })'
    throw new ConfigurationError('invalid_options', `a DPoP-bound token needs a proof for each request: use ${example}`)
  }
  const accessToken = await token()
  const { nonce } = request
  const method = sentMethod(request.method)
  return { authorization: `DPoP ${accessToken}`, dpop: dpop.prove({ method, url, accessToken, nonce }) }
}
