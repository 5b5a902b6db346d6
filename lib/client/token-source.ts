import type {
  CrossAppAccessOptions,
  OnBehalfOfOptions,
  TokenExchangeOptions,
  TokenTargetOptions,
} from '../options/client/options.js'
import type { TokenTypeHint } from '../provider/endpoints/revocation.js'
import type { Health } from '../provider/types.js'
import type { SharedStoreHealth } from './shared-tokens.js'

/** A request that another HTTP client will make: a proof is valid for exactly this request, once (RFC 9449 section 4.2). */
export interface AuthorizedRequest {
  /** HTTP method. @default 'GET' */
  method?: string | undefined
  /** URL of the request, absolute. */
  url: string | URL
  /** `DPoP-Nonce` of the API's last response. @default the last one that `fetch()` received */
  nonce?: string | undefined
}

/** The state of the provider, and of the shared store if there is one. */
export interface TokenSourceHealth extends Health {
  /** State of `sharedStore`. Absent if that option is not set. */
  readonly sharedStore?: SharedStoreHealth
}

/** Access tokens for service-to-service calls. The methods do not use `this`. */
export interface TokenSource {
  /**
   * Returns this service's own access token. It is cached and renewed before it expires. While
   * the provider is down, it is returned until it expires.
   *
   * @example
   * ```ts
   * import { clientCredentials } from 'express-oidc'
   *
   * const service = clientCredentials({ issuer, clientId, clientSecret })
   * const token = await service.getToken({ scope: 'orders:read', resource: 'https://api.example.com' })
   * ```
   *
   * @param target - missing members are taken from the options
   * @throws {ProviderError} 503 for outages, and `provider_refused_client`
   * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`
   * @throws {ConfigurationError} `invalid_options`
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
   */
  getToken(target?: TokenTargetOptions): Promise<string>
  /**
   * Calls `fetch` with the token, and with its proof if `dpop` is set, for https and loopback URLs at `allowedOrigins`.
   * After a 401 it retries once with a new token, if the body can be sent again. The token is not sent along with a
   * redirect to another origin.
   *
   * @example
   * ```ts
   * import { clientCredentials } from 'express-oidc'
   *
   * const service = clientCredentials({ issuer, clientId, clientSecret, allowedOrigins: ['https://api.example.com'] })
   * const response = await service.fetch('https://api.example.com/orders')
   * ```
   *
   * @throws like {@link TokenSource.getToken} and `fetch`
   */
  fetch(url: string | URL, init?: RequestInit, target?: TokenTargetOptions): Promise<Response>
  /**
   * Returns the given headers plus the token in `authorization`, for other HTTP clients. The given object is not
   * changed.
   *
   * @example
   * ```ts
   * import { clientCredentials } from 'express-oidc'
   *
   * const service = clientCredentials({ issuer, clientId, clientSecret })
   * const headers = await service.authorize({ accept: 'application/json' }, { scope: 'orders:read' })
   * ```
   *
   * @param request - the request that the headers are for; with the option `dpop`, their `dpop` is a proof for this one
   *   request
   * @throws like {@link TokenSource.getToken}; {@link ConfigurationError} `invalid_options` if `dpop` is set and
   *   `request` is missing, or if the token must not be sent to its URL
   */
  authorize(
    headers?: RequestInit['headers'],
    target?: TokenTargetOptions,
    request?: AuthorizedRequest,
  ): Promise<Record<string, string>>
  /**
   * Exchanges a token for one that calls the next service on the user's behalf. The result is cached by the
   * SHA-256 of the exchanged token, and never for longer than that token is known to be valid.
   *
   * @example
   * ```ts
   * import { clientCredentials } from 'express-oidc'
   *
   * const service = clientCredentials({ issuer, clientId, clientSecret })
   * const subjectToken = req.auth?.token ?? ''
   * const token = await service.exchange({ subjectToken, resource: 'https://billing.example.com' })
   * ```
   *
   * @throws like {@link TokenSource.getToken}; {@link TokenEndpointError} `invalid_grant` if the provider rejects the
   *   subject token, and `interaction_required` if the person has to act first
   * @see https://www.rfc-editor.org/rfc/rfc8693#section-2
   */
  exchange(exchange: TokenExchangeOptions): Promise<string>
  /**
   * Gets a token that calls the next service on the user's behalf from Microsoft Entra ID or AD FS, which do not know token
   * exchange: by the JWT bearer grant with `requested_token_use=on_behalf_of`. It is cached as by `exchange()`.
   *
   * If the person has to act first, for example because of Conditional Access, the error holds the challenge for the client in
   * `headers['WWW-Authenticate']`, and in `claims`.
   *
   * @example
   * ```ts
   * import { clientCredentials } from 'express-oidc'
   *
   * const service = clientCredentials({ issuer, clientId, clientSecret })
   * const assertion = req.auth?.token ?? ''
   * const token = await service.onBehalfOf({ assertion, scope: 'https://graph.microsoft.com/User.Read' })
   * ```
   *
   * @throws like {@link TokenSource.exchange}
   * @see https://www.rfc-editor.org/rfc/rfc7523#section-2.1
   */
  onBehalfOf(request: OnBehalfOfOptions): Promise<string>
  /**
   * Gets a token from this source's authorization server for a person of a company whose identity provider it trusts, without
   * showing them a page ("cross-app access"): the identity provider exchanges their ID Token for a grant for this server
   * (ID-JAG), which is redeemed here. Both are cached, for no longer than the grant is valid. A grant that is refused is replaced
   * once.
   *
   * The draft is not an RFC yet: this method may change in any version.
   *
   * @example
   * ```ts
   * import { clientCredentials } from 'express-oidc'
   *
   * const identityProvider = clientCredentials({ issuer, clientId, clientSecret }) // as in oidc()
   * const wiki = clientCredentials({ issuer: 'https://wiki.example.com', clientId: 'notes', clientSecret })
   * const subjectToken = req.oidc.idToken ?? ''
   * const token = await wiki.crossAppAccess({ identityProvider, subjectToken, scope: 'pages:read' })
   * ```
   *
   * @experimental
   * @throws like {@link TokenSource.exchange}
   * @see https://datatracker.ietf.org/doc/draft-ietf-oauth-identity-assertion-authz-grant/
   */
  crossAppAccess(request: CrossAppAccessOptions): Promise<string>
  /**
   * Forgets a token that an API rejected: the next call gets a new one. `fetch()` does this by itself. It is
   * rate-limited, in case an API rejects every token: five in a row, then one per ten seconds.
   *
   * @example
   * ```ts
   * import { clientCredentials } from 'express-oidc'
   *
   * const service = clientCredentials({ issuer, clientId, clientSecret })
   * const token = await service.getToken()
   * const { status } = await fetch('https://api.example.com/orders', { headers: { authorization: `Bearer ${token}` } })
   * if (status === 401) service.drop(token)
   * ```
   */
  drop(token: string): void
  /**
   * Forgets a token and revokes it at the provider, with one request.
   *
   * @example
   * ```ts
   * import { clientCredentials } from 'express-oidc'
   *
   * const service = clientCredentials({ issuer, clientId, clientSecret })
   * const token = await service.getToken()
   * const isRevoked = await service.revoke(token)
   * ```
   *
   * @returns `false` if the provider does not revoke such tokens
   * @throws {ProviderError} for outages: assume that the token is still valid
   * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`: assume the same
   * @see https://www.rfc-editor.org/rfc/rfc7009#section-2
   */
  revoke(token: string, tokenTypeHint?: TokenTypeHint): Promise<boolean>
  /**
   * Fetches the metadata and the first token ahead of the first call, which also checks the credentials.
   *
   * @throws like {@link TokenSource.getToken}
   */
  ready(): Promise<void>
  /** The state of the provider and the shared store; makes no request. */
  health(): TokenSourceHealth
  /** Forgets all tokens and aborts requests in flight; nothing is fetched afterwards. */
  close(): void
}
