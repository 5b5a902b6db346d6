import type { webcrypto } from 'node:crypto'

/** Signature algorithms with a public key. */
export type AsymmetricAlgorithm =
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

/** Signature algorithms of access tokens. Those of HMAC count only where they are named, and with a `secret`. */
export type AccessTokenAlgorithm = AsymmetricAlgorithm | 'HS256' | 'HS384' | 'HS512'

/**
 * What the access tokens of an issuer look like. No profile accepts an ID Token of this application's own logins.
 *
 * - `rfc9068`: the header has `typ: at+jwt`, and all claims of RFC 9068 are there.
 * - `jwt`: for providers from before RFC 9068. The `typ` is `JWT` or missing, and something tells the token from an ID Token,
 *   such as `scope` or `client_id`.
 * - `external`: for issuers at which nobody signs in to this application: GitHub Actions, GitLab CI, Kubernetes, SPIFFE,
 *   Google service identities, Supabase, Firebase, Cloudflare Access. Nothing has to tell the token from an ID Token, so
 *   `audience` must name this API, and these tokens are refused: those with `nonce`, `at_hash`, `c_hash` or `events`, those
 *   whose `aud` is the client ID of an `oidc()` in this process, and those of the issuer of such an `oidc()`.
 */
export type AccessTokenProfile = 'rfc9068' | 'jwt' | 'external'

/** Whom tokens must be meant for: one of these. `null` takes tokens for anyone. */
export type Audience = string | readonly string[] | null

/**
 * A shared secret: text (its UTF-8), bytes, bytes as base64 or base64url, or an `oct` JWK, whose `alg` it then signs only.
 */
export type SharedSecret = string | Uint8Array | { readonly base64: string } | OctJwk

/** A shared secret as JWK (RFC 7518 section 6.4). */
export interface OctJwk {
  readonly kty: 'oct'
  readonly k: string
  readonly alg?: string
  readonly kid?: string
  readonly use?: string
  readonly key_ops?: readonly string[]
}

/** Keys and algorithms of one issuer. */
export interface IssuerKeyOptions {
  /** @default every asymmetric one */
  algorithms?: readonly AccessTokenAlgorithm[] | undefined
  /** A JWK Set instead of the one that the issuer publishes. */
  jwks?: { readonly keys: readonly webcrypto.JsonWebKey[] } | undefined
  /** URL of the JWK Set. It is fetched instead of the one that the issuer's metadata names, and no metadata is fetched. */
  jwksUri?: string | undefined
  /** A public key instead of the issuer's set: SPKI PEM, or a certificate. `kid` is then ignored. */
  publicKey?: string | undefined
  /**
   * For `algorithms: ['HS256']`, `HS384` or `HS512`: at least 32, 48 or 64 bytes (RFC 7518 section 3.2). With a list of up to
   * eight, each verifies, as while a secret is replaced. Whoever has it can make tokens.
   */
  secret?: SharedSecret | readonly SharedSecret[] | undefined
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
  profile?: AccessTokenProfile | undefined
  /**
   * Clients whose tokens are taken: every one of `client_id`, `azp`, `cid` and `appid` that the token has must be in this list,
   * and one must be there. For issuers that write no `aud`, such as Cognito (`audience: null`). @default any
   */
  clients?: readonly string[] | undefined
  /**
   * Other spellings of `iss` in this issuer's tokens, such as the `access_token_issuer` of AD FS or `accounts.google.com`. These are
   * names that nothing is fetched from. `req.auth.issuer` is the issuer as configured. @default none
   */
  issuerAliases?: readonly string[] | undefined
  subject?: SubjectOptions | undefined
}

/** What a resolver says of an issuer; what it leaves out is as in the options around it. */
export type ResolvedIssuer = Partial<Omit<IssuerOptions, 'issuerAliases'>>

/**
 * Looks an issuer up, such as a tenant in a database; `undefined` for strangers. Answers, strangers too, are remembered for
 * some minutes. A rejection is an outage: 503.
 */
export type IssuerResolver = (issuer: string) => Promise<ResolvedIssuer | undefined> | ResolvedIssuer | undefined

/** One issuer, several alike, or those that a resolver knows: all for the same audience. */
export interface SharedAudienceOptions extends IssuerOptions {
  /**
   * Issuer identifiers, exactly as the tokens spell them; a resolver; or a template such as
   * `https://login.microsoftonline.com/{tenantid}/v2.0`, for the tenants in `tenants`.
   */
  issuer: string | readonly string[] | IssuerResolver
  /** Whom tokens must be meant for. There is no default: `null`, said explicitly, takes tokens for anyone. */
  audience: Audience
  /** What may stand in the template's place. */
  tenants?: readonly string[] | undefined
}

/** Several issuers, each with its own audience, algorithms and keys. */
export interface IssuerMapOptions {
  issuer: Readonly<Record<string, IssuerOptions>>
}
