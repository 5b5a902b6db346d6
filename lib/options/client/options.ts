import type { AuthorizationDetail } from '../authorization-details/detail.js'
import type { webcrypto } from 'node:crypto'
import type { CredentialOptions, MethodFor } from '../common/client-authentication.js'
import type { SharedStore } from '../common/stores.js'
import type { ProviderDescription } from '../common/provider-description.js'
import type { DpopKeyOptions } from '../common/private-key.js'

/** A value, or a function that returns it. The function is called for every request to the provider: the value may change. */
export type Current<T> = T | (() => T | Promise<T>)

/** Target of a token. Order and repetitions make no difference. */
export interface TokenTargetOptions {
  /** Scopes separated by spaces. @default those that the provider grants by default */
  scope?: string | undefined
  /** Absolute URIs of APIs (RFC 8707 section 2). @default none */
  resource?: string | readonly string[] | undefined
  /** Names of APIs, for providers that use `audience` instead of `resource`. @default none */
  audience?: string | readonly string[] | undefined
  /**
   * What the token allows in detail, as a list of objects or JSON. @default none
   *
   * @see https://www.rfc-editor.org/rfc/rfc9396#section-6
   */
  authorizationDetails?: string | readonly AuthorizationDetail[] | undefined
}

/**
 * Options of `clientCredentials()`. Their `scope`, `resource`, `audience` and `authorizationDetails` are the defaults for every
 * token.
 *
 * @example
 * ```ts
 * import type { ClientCredentialsOptions } from 'express-oidc'
 *
 * const options: ClientCredentialsOptions = {
 *   issuer: 'https://id.example.com',
 *   clientId: 'order-service',
 *   clientSecret: () => clientSecret,
 *   resource: 'https://api.example.com',
 *   allowedOrigins: ['https://api.example.com'],
 * }
 * ```
 */
export interface ClientCredentialsOptions
  extends TokenTargetOptions, ProviderDescription, Omit<CredentialOptions<MethodFor<'machine'>>, 'clientAssertionKey'> {
  /** The provider's issuer identifier, spelled exactly as in its metadata: a trailing slash counts. */
  issuer: string
  /** This service's client ID at the provider. */
  clientId: string
  /** This service's client secret, or a function for secrets that rotate. @default none */
  clientSecret?: Current<string> | undefined
  /** Private key for `private_key_jwt`: PKCS#8 PEM or JWK, or a function for keys that rotate. @default none */
  clientAssertionKey?: Current<string | webcrypto.JsonWebKey> | undefined
  /** Binds tokens to a key (DPoP): a stolen token is useless without it. @default none */
  dpop?: DpopKeyOptions | undefined
  /** Further parameters of every token request and exchange, such as `organization`. @default none */
  params?: Readonly<Record<string, string>> | undefined
  /** Origins that `fetch()` may send a token to, such as `https://api.example.com`. @default every https origin */
  allowedOrigins?: readonly string[] | undefined
  /** Greatest number of cached tokens, and of cached exchanges: 1 to 100000. @default 1000 */
  cacheMaxEntries?: number | undefined
  /**
   * A store that all processes of this client share, such as Redis: they share tokens there, encrypted. While it is
   * unavailable, or takes longer than two seconds, each process fetches its own. Needs `secret`. @default none
   */
  sharedStore?: SharedStore | undefined
  /**
   * Secret for `sharedStore`, of at least 32 random characters, or a list of them: the first encrypts, and any can decrypt.
   *
   * @default none: required with `sharedStore`
   */
  secret?: string | readonly string[] | undefined
  /** Deadline of each request to the provider, and of each function that returns a credential, in seconds. @default 5 */
  httpTimeoutSeconds?: number | undefined
  /**
   * Makes all requests, for proxies and private certificate authorities, for example. @default `node:https` with keep-alive
   * for the provider, the global `fetch` for APIs
   */
  fetch?: typeof fetch | undefined
  /** Allows plain http to hosts that are not loopback. Anyone on the network can then take tokens and secrets. @default false */
  dangerouslyAllowHttp?: boolean | undefined
}

/**
 * The token that `onBehalfOf()` redeems, and the target of the new one. The `scope`, `resource`, `audience` and
 * `authorizationDetails` of the source are not defaults here.
 *
 * @example
 * ```ts
 * import { bearer, clientCredentials } from 'express-oidc'
 * import { entra } from 'express-oidc/providers'
 *
 * const api = entra.api({ tenant: '8eaef023-2b34-4da1-9baa-8bc8c9d6a490', audience: clientId })
 * const service = clientCredentials({ issuer, clientId, clientSecret })
 * app.get('/photo', bearer(api), async (req, res) => {
 *   const assertion = req.auth?.token ?? ''
 *   const token = await service.onBehalfOf({ assertion, scope: 'https://graph.microsoft.com/User.Read' })
 *   res.json({ received: token !== '' })
 * })
 * ```
 *
 * @see https://learn.microsoft.com/entra/identity-platform/v2-oauth2-on-behalf-of-flow
 */
export interface OnBehalfOfOptions extends TokenTargetOptions {
  /** The access token of the person to act for. It was issued for this service, and must have been validated, as `req.auth.token` has. */
  assertion: string
  /**
   * When `assertion` expires, in seconds since the epoch, such as `req.auth.expiresAt`. The new token is cached until then at most.
   * @default `exp` of a JWT
   */
  assertionExpiresAt?: number | undefined
}

/** A company's identity provider that vouches for its people at other authorization servers. `clientCredentials()` creates one. */
export interface IdentityProvider {
  /** Exchanges a person's token for a grant. */
  exchange(exchange: TokenExchangeOptions): Promise<string>
  /** Forgets a grant. */
  drop(grant: string): void
}

/**
 * The person for whom `crossAppAccess()` gets a token, and its target.
 *
 * @example
 * ```ts
 * import { clientCredentials, requireAuth } from 'express-oidc'
 *
 * const identityProvider = clientCredentials({ issuer, clientId, clientSecret }) // as in oidc()
 * const wiki = clientCredentials({ issuer: 'https://wiki.example.com', clientId: 'notes', clientSecret })
 * app.get('/pages', requireAuth(), async (req, res) => {
 *   const subjectToken = req.oidc.idToken ?? ''
 *   const token = await wiki.crossAppAccess({ identityProvider, subjectToken, scope: 'pages:read' })
 *   res.json({ received: token !== '' })
 * })
 * ```
 *
 * @experimental
 * @see https://datatracker.ietf.org/doc/draft-ietf-oauth-identity-assertion-authz-grant/
 */
export interface CrossAppAccessOptions extends Pick<TokenTargetOptions, 'scope' | 'resource'> {
  /** This service as a client of the identity provider where the person signed in. */
  identityProvider: IdentityProvider
  /** The person's ID Token, such as `req.oidc.idToken`. It must have been issued for the same client as that of `identityProvider`. */
  subjectToken: string
  /** Type of `subjectToken`, for a refresh token for example. @default 'urn:ietf:params:oauth:token-type:id_token' */
  subjectTokenType?: string | undefined
  /** When `subjectToken` expires, in seconds since the epoch. The grant is cached until then at most. @default `exp` of a JWT */
  subjectTokenExpiresAt?: number | undefined
}

/**
 * The token that `exchange()` exchanges, and the target of the new one. The `scope`, `resource`, `audience` and
 * `authorizationDetails` of the source are not defaults here.
 *
 * @example
 * ```ts
 * import { clientCredentials } from 'express-oidc'
 *
 * const service = clientCredentials({ issuer, clientId, clientSecret })
 * app.get('/report', bearer({ issuer, audience: 'https://api.example.com' }), async (req, res) => {
 *   const subjectToken = req.auth?.token ?? ''
 *   const token = await service.exchange({ subjectToken, resource: 'https://billing.example.com' })
 *   res.json({ received: token !== '' })
 * })
 * ```
 *
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-2.1
 */
export interface TokenExchangeOptions extends TokenTargetOptions {
  /** The token of the person to act for. It must have been validated, as `req.auth.token` has. */
  subjectToken: string
  /** Type of `subjectToken`. @default 'urn:ietf:params:oauth:token-type:access_token' */
  subjectTokenType?: string | undefined
  /**
   * When `subjectToken` expires, in seconds since the epoch, such as `req.auth.expiresAt`. The new token is cached until then at
   * most. @default `exp` of a JWT
   */
  subjectTokenExpiresAt?: number | undefined
  /** The token of the actor, if that is not this client itself. @default none */
  actorToken?: string | undefined
  /** Type of `actorToken`. @default 'urn:ietf:params:oauth:token-type:access_token' */
  actorTokenType?: string | undefined
  /** Type of the token to issue. The provider must confirm it. @default an access token, without asking for a type */
  requestedTokenType?: string | undefined
}
