import type { webcrypto } from 'node:crypto'
import type { MethodFor } from '../common/client-authentication.js'

/** Signature algorithms of access tokens. HS256 only counts where it is named, alone and with a `secret`. */
export type AccessTokenAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'
  | 'Ed448'
  | 'HS256'

/** Whom tokens must be meant for: one of these. `null` takes tokens for anyone. */
export type Audience = string | readonly string[] | null

/** Keys and algorithms of one issuer. */
export interface IssuerKeyOptions {
  /** @default every asymmetric one */
  algorithms?: readonly AccessTokenAlgorithm[] | undefined
  /** A JWK Set instead of the one that the issuer publishes. */
  jwks?: { readonly keys: readonly webcrypto.JsonWebKey[] } | undefined
  /** A public key instead of the issuer's set: SPKI PEM. `kid` is then ignored. */
  publicKey?: string | undefined
  /** At least 32 bytes, for `algorithms: ['HS256']`. Whoever has it can make tokens. */
  secret?: string | undefined
}

/** Where the tokens of an issuer name their subject. A token without one is refused. */
export interface SubjectOptions {
  /**
   * The claim that identifies a person: one that the issuer never gives to a second one, such as Entra's `oid`, or `username`
   * in introspection responses; not an e-mail address. Machines are subjects in `sub` only. @default 'sub'
   */
  claim?: string | undefined
  /**
   * Whether a token without that claim is its client's own, where it is known to be a machine's, or has no other claims than
   * those of the protocol (`iss`, `aud`, `scope`, `client_id` …) and such as begin with `client`, and none of the scopes that
   * OpenID Connect defines. The subject is then `client:` and the client's ID. @default false
   */
  client?: boolean | undefined
  /** Further claims, exactly as spelled, that never speak of a person, such as `tenant`: only with `client`. @default none */
  clientClaims?: readonly string[] | undefined
}

/** One issuer of several. */
export interface IssuerOptions extends IssuerKeyOptions {
  audience: Audience
  subject?: SubjectOptions | undefined
}

/** What a resolver says of an issuer; what it leaves out is as in the options around it. */
export type ResolvedIssuer = Partial<IssuerOptions>

/**
 * Looks an issuer up, such as a tenant in a database; `undefined` for strangers. Answers, strangers too, are remembered for
 * some minutes. A rejection is an outage: 503.
 */
export type IssuerResolver = (issuer: string) => Promise<ResolvedIssuer | undefined> | ResolvedIssuer | undefined

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
  signedResponseAlg?: Exclude<AccessTokenAlgorithm, 'HS256'> | undefined
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
  algorithms?: readonly Exclude<AccessTokenAlgorithm, 'HS256'>[] | undefined
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
  /** `rfc9068` wants `typ: at+jwt` and all of its claims; `jwt` takes what older providers issue. @default 'rfc9068' */
  profile?: 'rfc9068' | 'jwt' | undefined
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
  /** Allowed clock difference, 0 to 60. @default 30 */
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

/** One issuer, several alike, or those that a resolver knows: all for the same audience. */
export interface SharedAudienceOptions extends IssuerKeyOptions {
  /**
   * Issuer identifiers, exactly as the tokens spell them; a resolver; or a template such as
   * `https://login.microsoftonline.com/{tenantid}/v2.0`, for the tenants in `tenants`.
   */
  issuer: string | readonly string[] | IssuerResolver
  /** Whom tokens must be meant for. There is no default: `null`, said explicitly, takes tokens for anyone. */
  audience: Audience
  subject?: SubjectOptions | undefined
  /** What may stand in the template's place. */
  tenants?: readonly string[] | undefined
}

/** Several issuers, each with its own audience, algorithms and keys. */
export interface IssuerMapOptions {
  issuer: Readonly<Record<string, IssuerOptions>>
}

/** Options of `bearer()` and `createBearerValidator()`. */
export type BearerOptions<Request = unknown, Response = unknown> = CommonBearerOptions<Request, Response> &
  (SharedAudienceOptions | IssuerMapOptions)
