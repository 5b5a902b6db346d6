import type { webcrypto } from 'node:crypto'
import type { MethodFor } from '../common/client-authentication.js'
import type {
  AccessTokenProfile,
  AsymmetricAlgorithm,
  IssuerMapOptions,
  SharedAudienceOptions,
} from './issuer-options.js'

/** Client authentication at the introspection endpoint. */
export type IntrospectionAuthentication = MethodFor<'introspection'>

/** How opaque tokens are looked up (RFC 7662). */
export interface IntrospectionOptions {
  /** This API's own client ID at the authorization server. */
  clientId: string
  clientSecret?: string | undefined
  /** `tls_client_auth` needs a `fetch` that presents the certificate. @default the best that metadata and credentials allow */
  clientAuthentication?: IntrospectionAuthentication | undefined
  /** Private key for `private_key_jwt`: PKCS#8 PEM or JWK. */
  clientAssertionKey?: string | webcrypto.JsonWebKey | undefined
  clientAssertionAlg?: string | undefined
  /** Which of several issuers is asked. */
  issuer?: string | undefined
  /** Asks for signed answers (RFC 9701), and takes no others. */
  signedResponseAlg?: AsymmetricAlgorithm | undefined
  /** How long an answer is believed, 0 to 60; never past `exp`. A revoked token lives that much longer. @default 30 */
  cacheSeconds?: number | undefined
}

/** Remembers the `jti` of DPoP proofs. */
export interface ReplayCache {
  /**
   * Adds a key unless it is there, in one step that nothing can come between (`SET key 1 NX EX ttlSeconds`).
   *
   * @returns whether it was added; a rejection refuses the request with 503
   */
  add(key: string, ttlSeconds: number): Promise<boolean> | boolean
}

/** Whether tokens may, or must, be bound to a key of the client (RFC 9449). */
export type DpopMode = 'off' | 'allowed' | 'required'

/** Details of DPoP. */
export interface DpopOptions {
  mode: DpopMode
  /** Greatest age of a proof in seconds, 5 to 600. @default 60 */
  proofMaxAgeSeconds?: number | undefined
  /** How far ahead a client's clock may be in seconds, 0 to 60. @default 5 */
  proofClockToleranceSeconds?: number | undefined
  /** Algorithms of proofs. @default every asymmetric one */
  algorithms?: readonly AsymmetricAlgorithm[] | undefined
  /** Asks for nonces of this server's (RFC 9449 section 9). With several processes, give them one secret. @default false */
  nonce?: boolean | { readonly secret: string | readonly string[]; readonly lifetimeSeconds?: number } | undefined
  /** @default in this process's memory */
  replayCache?: ReplayCache | undefined
}

/** Whether tokens may be bound to a client certificate (RFC 8705), and where the certificate is found. */
export type MtlsOptions =
  | 'off'
  | { source: 'socket'; required?: boolean | undefined }
  | {
      source: 'header'
      /** Such as `x-ssl-client-cert`, `client-cert` or `x-forwarded-client-cert`. */
      header: string
      /** nginx's `$ssl_client_escaped_cert`, RFC 9440, or Envoy. */
      format: 'pem-urlencoded' | 'rfc9440' | 'xfcc'
      /** Addresses or CIDR blocks; from anywhere else the header is not read. */
      trustedProxies: readonly string[]
      required?: boolean | undefined
    }

/** How many verified tokens are remembered, and how long at most. */
export interface TokenCacheOptions {
  /** @default 5000 */
  maxEntries?: number | undefined
  /** 1 to 3600; never past `exp`. @default 60 */
  ttlSeconds?: number | undefined
}

/** What `onError` of `bearer()` is told beside the error. */
export interface BearerErrorContext<Request, Response> {
  readonly req: Request
  readonly res: Response
  /**
   * Hands the error on to the next error handler. Without one the refusal is answered as if there were no `onError`; with
   * `required: false` the request goes on as nobody's, whatever session it has, and a guard refuses it.
   */
  readonly next: (error?: unknown) => void
}

/** The options of `bearer()` that do not depend on the issuers. */
export interface CommonBearerOptions<Request = unknown, Response = unknown> {
  /** What access tokens of these issuers look like; an issuer of a map can say otherwise. @default 'rfc9068' */
  profile?: AccessTokenProfile | undefined
  /** `opaque` introspects every token, `auto` those that are no JWT. @default 'jwt', or 'opaque' with `introspection` */
  tokenFormat?: 'jwt' | 'opaque' | 'auto' | undefined
  introspection?: IntrospectionOptions | undefined
  /** @default 'off': a DPoP-bound token is refused */
  dpop?: DpopMode | DpopOptions | undefined
  /** @default 'off': a certificate-bound token is refused */
  mtls?: MtlsOptions | undefined
  /** Where clients reach this server, such as `https://api.example.com`: needed for DPoP, since Host is not believed. */
  baseUrl?: string | undefined
  /** Whether a request without credentials is refused. Bad credentials are refused always. @default true */
  required?: boolean | undefined
  /** Scopes of a token. @default those in `scope` and `scp` */
  scopes?: ((claims: Readonly<Record<string, unknown>>) => readonly string[] | ReadonlySet<string>) | undefined
  /**
   * Whether a client acts for itself, where the application knows how its issuer says so; `undefined` leaves it to what most
   * providers write. @see Principal.isMachine
   */
  isMachine?: ((claims: Readonly<Record<string, unknown>>) => boolean | undefined) | undefined
  /** Allowed clock difference for the dates of tokens, 0 to 300. Those of DPoP proofs have their own. @default 30 */
  clockToleranceSeconds?: number | undefined
  /** Deadline of each request to the authorization server. @default 5 */
  httpTimeoutSeconds?: number | undefined
  /** How long the last good keys serve while the authorization server is down. @default 86400 (24 hours) */
  keysStaleSeconds?: number | undefined
  /** Makes the requests to the authorization server. @default `node:https`, kept alive */
  fetch?: typeof fetch | undefined
  /** Verified tokens, remembered by their SHA-256. `false` verifies each time. */
  cache?: TokenCacheOptions | false | undefined
  /** `realm` of challenges. */
  realm?: string | undefined
  /** What `resourceMetadata()` returned, or the URL of the metadata: named in every challenge (RFC 9728 section 5). */
  resourceMetadata?: string | { readonly url: string } | undefined
  /** Allows issuers with plain http that are not on loopback. @default false */
  dangerouslyAllowHttp?: boolean | undefined
  /** Answers instead of problem+json with the challenge. It opens no door: see {@link BearerErrorContext.next}. */
  onError?: ((error: Error, context: BearerErrorContext<Request, Response>) => void | Promise<void>) | undefined
}

/** Options of `bearer()` and `createBearerValidator()`. */
export type BearerOptions<Request = unknown, Response = unknown> = CommonBearerOptions<Request, Response> &
  (SharedAudienceOptions | IssuerMapOptions)
