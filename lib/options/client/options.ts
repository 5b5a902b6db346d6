import type { webcrypto } from 'node:crypto'
import type { MethodFor } from '../common/client-authentication.js'
import type { SharedStore } from '../common/stores.js'
import type { DpopKeyOptions } from '../common/private-key.js'

/** A value, or a function that looks it up: asked for every request to the provider, so that it may change. */
export type Current<T> = T | (() => T | Promise<T>)

/** What a token shall be good for. Order and repetitions make no difference. */
export interface TokenTargetOptions {
  /** Scopes separated by spaces. @default what the provider gives */
  scope?: string | undefined
  /** Absolute URIs of APIs (RFC 8707). */
  resource?: string | readonly string[] | undefined
  /** Names of APIs, for providers that use `audience` instead of `resource`. */
  audience?: string | readonly string[] | undefined
}

/** Options of `clientCredentials()`. Its target is the default of every token. */
export interface ClientCredentialsOptions extends TokenTargetOptions {
  /** Issuer identifier, exactly as the provider spells it: a trailing slash counts. */
  issuer: string
  clientId: string
  /** Or a function, for secrets that rotate. */
  clientSecret?: Current<string> | undefined
  /** @default the best method that the metadata and the given credentials allow */
  clientAuthentication?: MethodFor<'machine'> | undefined
  /** Private key for `private_key_jwt`: PKCS#8 PEM or JWK, or a function, for keys that rotate. */
  clientAssertionKey?: Current<string | webcrypto.JsonWebKey> | undefined
  /** `alg` of the client assertion. @default by the key: RS256, ES256, ES384, ES512 or EdDSA */
  clientAssertionAlg?: string | undefined
  /** Tokens are bound to this key, and a proof goes with every request (RFC 9449): stolen, they are worth nothing. */
  dpop?: DpopKeyOptions | undefined
  /** Origins that `fetch()` may send a token to, such as `https://api.example.com`. @default every https origin */
  allowedOrigins?: readonly string[] | undefined
  /** How many targets, and how many exchanges, have their token remembered: 1 to 100000. @default 1000 */
  cacheMaxEntries?: number | undefined
  /**
   * Memory that all processes of this client share, such as Redis: what one has fetched, the others find there, sealed. While
   * it is away, each fetches for itself. @default none
   */
  sharedStore?: SharedStore | undefined
  /** Seals what lies in `sharedStore`: at least 32 random characters, or a list of which the first seals and all open. */
  secret?: string | readonly string[] | undefined
  /** Deadline of each request to the provider, and of looking a credential up. @default 5 */
  httpTimeoutSeconds?: number | undefined
  /**
   * Makes all requests: for proxies and private certificate authorities. @default `node:https` with connections that are kept
   * alive for the provider, the global `fetch` for APIs
   */
  fetch?: typeof fetch | undefined
  /** Allows plain http to hosts that are not loopback. Anyone on the network can then take tokens and secrets. @default false */
  dangerouslyAllowHttp?: boolean | undefined
}

/** What `exchange()` exchanges, and for what (RFC 8693). The source's own target is no default here. */
export interface TokenExchangeOptions extends TokenTargetOptions {
  /** On whose behalf: a token that was validated, such as `req.auth.token`. */
  subjectToken: string
  /** @default 'urn:ietf:params:oauth:token-type:access_token' */
  subjectTokenType?: string | undefined
  /** Seconds since the epoch, such as `req.auth.expiresAt`: the new token is not kept any longer. @default `exp` of a JWT */
  subjectTokenExpiresAt?: number | undefined
  /** Who acts, where that is not this client itself. */
  actorToken?: string | undefined
  /** @default 'urn:ietf:params:oauth:token-type:access_token' */
  actorTokenType?: string | undefined
}
