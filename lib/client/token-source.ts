import type { TokenExchangeOptions, TokenTargetOptions } from '../options/client/options.js'
import type { TokenTypeHint } from '../provider/endpoints/revocation.js'
import type { Health } from '../provider/types.js'
import type { SharedStoreHealth } from './shared-tokens.js'

/** A request that another HTTP client is going to make: exactly this one, and once (RFC 9449 section 4.2). */
export interface AuthorizedRequest {
  /** @default 'GET' */
  method?: string | undefined
  url: string | URL
  /** `DPoP-Nonce` of the API's last answer. @default the last one that `fetch()` saw */
  nonce?: string | undefined
}

/** The provider as last seen, and the shared store where there is one. */
export interface TokenSourceHealth extends Health {
  readonly sharedStore?: SharedStoreHealth
}

/** Tokens for calls from service to service. Its methods need no `this`. */
export interface TokenSource {
  /**
   * A token of this service's own (RFC 6749 section 4.4): remembered, renewed before it expires, and served until it does
   * while the provider is down.
   *
   * @param target - what is left out is as in the options
   * @throws {ProviderError} 503 for outages, and `provider_refused_client`
   * @throws {TokenEndpointError} `token_request_failed`, `token_response_invalid`
   * @throws {ConfigurationError} `invalid_options`
   */
  getToken(target?: TokenTargetOptions): Promise<string>
  /**
   * `fetch` with the token, and its proof where `dpop` is set, for https and loopback URLs at `allowedOrigins`. A 401 is
   * answered once with a new token, where the body can be sent again; the token follows no redirect to another origin.
   *
   * @throws as {@link TokenSource.getToken} and `fetch`
   */
  fetch(url: string | URL, init?: RequestInit, target?: TokenTargetOptions): Promise<Response>
  /**
   * Headers with the token in `authorization`, for other HTTP clients. The given ones are not changed.
   *
   * @param request - what the headers are for: with the option `dpop` they hold a proof for this one request, in `dpop`
   * @throws as {@link TokenSource.getToken}; {@link ConfigurationError} `invalid_options` where `dpop` is set and `request` is
   *   missing, or its URL may not get a token
   */
  authorize(
    headers?: RequestInit['headers'],
    target?: TokenTargetOptions,
    request?: AuthorizedRequest,
  ): Promise<Record<string, string>>
  /**
   * A token to call the next service on somebody's behalf (RFC 8693): remembered by the SHA-256 of what it was exchanged
   * for, and never longer than that is known to be valid.
   *
   * @throws as {@link TokenSource.getToken}; {@link TokenEndpointError} `invalid_grant` for a subject token that is refused
   */
  exchange(exchange: TokenExchangeOptions): Promise<string>
  /**
   * Forgets one token that an API refused, so that the next call gets another. `fetch()` does so by itself. An API that
   * refuses every token is not believed for long: five in a row, then one in ten seconds.
   */
  drop(token: string): void
  /**
   * Forgets a token and revokes it at the provider (RFC 7009), with one request.
   *
   * @returns `false` where the provider does not revoke such tokens
   * @throws {ProviderError} for outages: the token must be thought of as valid
   */
  revoke(token: string, tokenTypeHint?: TokenTypeHint): Promise<boolean>
  /**
   * Fetches the metadata and the first token ahead of the first call: wrong credentials show here.
   *
   * @throws as {@link TokenSource.getToken}
   */
  ready(): Promise<void>
  /** The provider as last seen, and the shared store; makes no request. */
  health(): TokenSourceHealth
  /** Forgets all tokens and ends what is under way; nothing is fetched any more. */
  close(): void
}
