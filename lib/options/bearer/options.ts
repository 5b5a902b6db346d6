import type { OidcError } from '../../errors.js'
import type { AccessTokenClaims } from '../declared-claims.js'
import type { FrameworkRequest, FrameworkResponse } from '../framework.js'
import type { TokenProviderOptions } from './providers.js'
import type { ApiKeyOptions } from './api-key.js'
import type { IntrospectionOptions } from './introspection-options.js'
import type { DpopMode, DpopOptions, MtlsOptions } from './possession-options.js'
import type { AccessTokenProfile, IssuerMapOptions, SharedAudienceOptions } from './issuer-options.js'

/** How many verified tokens are cached, and for how long. */
export interface TokenCacheOptions {
  /** Greatest number of tokens. @default 5000 */
  maxEntries?: number | undefined
  /** Seconds, 1 to 3600, never past `exp`. @default 60 */
  ttlSeconds?: number | undefined
}

/** Whom a valid access token is about: what `req.auth` will be. */
export interface CheckedPrincipal {
  /** Scheme of the token. */
  readonly scheme: 'bearer' | 'dpop'
  /** The subject, unique at `issuer`. */
  readonly subject: string
  /** The issuer of the token. */
  readonly issuer: string
  /** Claims of the token. */
  readonly claims: Readonly<AccessTokenClaims>
  /** Scopes that were granted. */
  readonly scopes: readonly string[]
  /** When the token expires, in seconds since the epoch. */
  readonly expiresAt: number
  /** The client that the token was issued to, if the token names it. */
  readonly clientId?: string
  /** Whether the client acts for itself. `undefined` if the token does not say. */
  readonly isMachine?: boolean
  /**
   * The access token, such as to ask another service about it. Do not look up a JWT by its text or a hash: one that is signed with
   * ECDSA has a second valid text, which its holder can make. Use `issuer` and `claims.jti`, or `claims.sub` and `claims.iat`.
   */
  readonly token?: string
}

/** The request that was refused, as passed to `onError` of `bearer()`. */
export interface BearerErrorContext<Request = FrameworkRequest, Response = FrameworkResponse> {
  /** The framework's request. */
  readonly req: Request
  /** The framework's response. */
  readonly res: Response
  /**
   * Passes an error to the next error handler. Without an error, the refusal is sent as without `onError`; with
   * `required: false` the request goes on anonymously, even if it has a session, and a guard refuses it.
   */
  readonly next: (error?: unknown) => void
}

/** The options of `bearer()` that are the same for all issuers. */
export interface CommonBearerOptions<Request = FrameworkRequest, Response = FrameworkResponse> {
  /** Format of access tokens. An issuer in a map can have its own profile. @default 'rfc9068' */
  profile?: AccessTokenProfile | undefined
  /**
   * `opaque` introspects every token. `auto` introspects those that are not JWTs, and JWTs with a valid signature that lack a claim
   * such as `sub` or `aud` (Keycloak's lightweight access tokens). @default 'jwt', or 'opaque' with `introspection`
   */
  tokenFormat?: 'jwt' | 'opaque' | 'auto' | undefined
  /** How opaque tokens are validated. @default none */
  introspection?: IntrospectionOptions | undefined
  /** Whether tokens may, or must, be DPoP-bound. `off` refuses bound tokens. @default 'off' */
  dpop?: DpopMode | DpopOptions | undefined
  /** Whether tokens may, or must, be bound to a client certificate. `off` refuses bound tokens. @default 'off' */
  mtls?: MtlsOptions | undefined
  /**
   * URL at which clients reach this server, such as `https://api.example.com`, with any path that a proxy in front strips. Required
   * for DPoP, whose proofs name the URL: the Host header is never used. @default none
   */
  baseUrl?: string | undefined
  /** Several such URLs instead of `baseUrl`: a DPoP proof for any of them is valid. @default none */
  baseUrls?: readonly string[] | undefined
  /**
   * Whether a request without credentials is refused. Invalid credentials are always refused. With `false`, an `Authorization`
   * header of another scheme, such as `Basic`, is left to other middleware. @default true
   */
  required?: boolean | undefined
  /** Returns the scopes of a token. @default the claims `scope` and `scp` */
  scopes?: ((claims: Readonly<AccessTokenClaims>) => readonly string[] | ReadonlySet<string>) | undefined
  /**
   * Returns whether a token is a machine's, if you know how the issuer marks such tokens. `undefined` falls back to the
   * default. See {@link Principal.isMachine}. @default the claims that most providers use
   */
  isMachine?: ((claims: Readonly<AccessTokenClaims>) => boolean | undefined) | undefined
  /**
   * Checks every request that has a valid access token, for example whether the token was revoked. It is never cached. `false`
   * means 401 `invalid_token`; a rejection, or no answer within `httpTimeoutSeconds`, means 503. Without HTTP, `req` is the request
   * passed to `validate()`. List revoked tokens by `issuer` and `claims.jti` (without `jti`, by `claims.sub` and `claims.iat`), not by a
   * hash: a JWT that is signed with ECDSA has a second valid text. @default none
   */
  check?(principal: CheckedPrincipal, req: Request): boolean | Promise<boolean>
  /** Accepts API keys in a header of their own, under the same guards. A request with key and token is refused (400). @default none */
  apiKey?: ApiKeyOptions<Request> | undefined
  /** Allowed clock difference for tokens in seconds, 0 to 300. DPoP proofs have their own. @default 30 */
  clockToleranceSeconds?: number | undefined
  /** Deadline of each request to the authorization server, and of each of your functions that is awaited, in seconds. @default 5 */
  httpTimeoutSeconds?: number | undefined
  /** Seconds that the last known keys are used while the authorization server is down. @default 86400 (24 hours) */
  keysStaleSeconds?: number | undefined
  /** Makes the requests to the authorization server. @default `node:https` with keep-alive */
  fetch?: typeof fetch | undefined
  /** Cache of verified tokens, by their SHA-256. `false` verifies a token with every request. @default 5000 tokens for 60 seconds */
  cache?: TokenCacheOptions | false | undefined
  /** `realm` of challenges. @default none */
  realm?: string | undefined
  /**
   * Scopes that a challenge for a missing or invalid token asks for (`scope="…"`). Clients such as MCP's then request them at
   * once. @default none
   */
  challengeScope?: string | readonly string[] | undefined
  /**
   * What `resourceMetadata()` returned, or the URL of the metadata: every challenge names it. @default none
   *
   * @see https://www.rfc-editor.org/rfc/rfc9728#section-5
   */
  resourceMetadata?: string | { readonly url: string } | undefined
  /** Allows plain http for issuers that are not on loopback. Anyone on the network can then forge tokens. @default false */
  dangerouslyAllowHttp?: boolean | undefined
  /**
   * Handles refusals. It cannot let a refused request pass: see {@link BearerErrorContext.next}.
   *
   * @default sends problem+json with the challenge
   */
  onError?: ((error: OidcError, context: BearerErrorContext<Request, Response>) => void | Promise<void>) | undefined
}

/**
 * Options of `bearer()` and `createBearerValidator()`.
 *
 * @example
 * ```ts
 * import type { BearerOptions } from 'express-oidc'
 *
 * const options: BearerOptions = { issuer: 'https://id.example.com', audience: 'https://api.example.com' }
 * ```
 */
export type BearerOptions<Request = FrameworkRequest, Response = FrameworkResponse> = CommonBearerOptions<
  Request,
  Response
> &
  (SharedAudienceOptions | IssuerMapOptions | TokenProviderOptions)
