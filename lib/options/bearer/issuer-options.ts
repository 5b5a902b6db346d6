import type { webcrypto } from 'node:crypto'
import type { asymmetricAlgorithms, secretAlgorithms } from '../common/algorithms.js'
import type { ProviderDescription } from '../common/provider-description.js'

/** Signature algorithms with a public key. */
export type AsymmetricAlgorithm = (typeof asymmetricAlgorithms)[number]

/** Signature algorithms of access tokens. HMAC algorithms count only if they are named, and need a `secret`. */
export type AccessTokenAlgorithm = AsymmetricAlgorithm | (typeof secretAlgorithms)[number]

/**
 * Format of the access tokens of an issuer. No profile accepts an ID Token of this application's own logins.
 *
 * - `rfc9068`: the header has `typ: at+jwt`, and all claims of RFC 9068 are there.
 * - `jwt`: for providers from before RFC 9068. The `typ` is `JWT` or missing, and something distinguishes the token from an ID Token,
 *   such as `scope` or `client_id`.
 * - `external`: for issuers at which nobody signs in to this application: GitHub Actions, GitLab CI, Kubernetes, SPIFFE,
 *   Google service identities, Supabase, Firebase, Cloudflare Access. Nothing has to distinguish the token from an ID Token, so
 *   `audience` must name this API, and these tokens are refused: those with `nonce`, `at_hash`, `c_hash` or `events`, those
 *   whose `aud` is the client ID of an `oidc()` in this process, and those of the issuer of such an `oidc()`.
 */
export type AccessTokenProfile = 'rfc9068' | 'jwt' | 'external'

/** Audiences, of which a token must name one. `null` accepts tokens for anyone. */
export type Audience = string | readonly string[] | null

/**
 * A shared secret: text (its UTF-8), bytes, bytes as base64 or base64url, or an `oct` JWK, whose `alg` it then signs only.
 */
export type SharedSecret =
  | string
  | Uint8Array
  | {
      /** The secret as base64 or base64url. */
      readonly base64: string
    }
  | OctJwk

/**
 * A shared secret as JWK.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-6.4
 */
export interface OctJwk {
  /** Key type. */
  readonly kty: 'oct'
  /** The secret as base64url. */
  readonly k: string
  /** The only algorithm that this secret verifies. */
  readonly alg?: string
  /** Key ID. */
  readonly kid?: string
  /** Use of the key, such as `sig`. */
  readonly use?: string
  /** Operations of the key, such as `verify`. */
  readonly key_ops?: readonly string[]
}

/** Keys and algorithms of one issuer. */
export interface IssuerKeyOptions {
  /** Allowed signature algorithms. @default all asymmetric ones */
  algorithms?: readonly AccessTokenAlgorithm[] | undefined
  /** A JWK Set that replaces the one that the issuer publishes. @default the issuer's */
  jwks?: { readonly keys: readonly webcrypto.JsonWebKey[] } | undefined
  /** URL of the JWK Set, instead of the one in the issuer's metadata. No metadata is fetched then. @default `jwks_uri` of the metadata */
  jwksUri?: string | undefined
  /** A public key that replaces the issuer's JWK Set: SPKI PEM or a certificate. `kid` is then ignored. @default none */
  publicKey?: string | undefined
  /**
   * Secret for `algorithms: ['HS256']`, `HS384` or `HS512`: at least 32, 48 or 64 bytes. Of a list of up to eight, each
   * verifies, which helps to replace a secret. Everyone who has it can issue tokens.
   *
   * @default none
   * @see https://www.rfc-editor.org/rfc/rfc7518#section-3.2
   */
  secret?: SharedSecret | readonly SharedSecret[] | undefined
}

/** Where the tokens of an issuer name their subject. A token without a subject is refused. */
export interface SubjectOptions {
  /**
   * The claim that identifies a person. Choose one that the issuer never assigns to a second person, such as Entra's `oid` or
   * `username` in introspection responses, not an e-mail address. A machine is identified by it only where `sub` is the same and is
   * not made of the client's ID, as in Entra: any other `sub` could be what a person has in this claim. Other machines need `client`. @default 'sub'
   */
  claim?: string | undefined
  /**
   * Whether the client is the subject of a token without that claim. The token must be known to be a machine's, or have no
   * claims but those of the protocol (`iss`, `aud`, `scope`, `client_id` …) and those that begin with `client`, and none of the
   * scopes of OpenID Connect. The subject is then `client:` followed by the client's ID. @default false
   */
  client?: boolean | undefined
  /** Names of further claims that are never about a person, such as `tenant`. Only with `client`. @default none */
  clientClaims?: readonly string[] | undefined
}

/** One issuer of several. */
export interface IssuerOptions extends IssuerKeyOptions, ProviderDescription {
  /** Audiences, of which a token must name one. */
  audience: Audience
  /** Format of the issuer's access tokens. @default the option `profile` of `bearer()` */
  profile?: AccessTokenProfile | undefined
  /**
   * Client IDs whose tokens are accepted. A token must have `client_id`, `azp`, `cid` or `appid`, and all of these that it has
   * must be in this list. For issuers without `aud`, such as Cognito (`audience: null`). @default any
   */
  clients?: readonly string[] | undefined
  /**
   * Other spellings of `iss` in this issuer's tokens, such as the `access_token_issuer` of AD FS or `accounts.google.com`.
   * Nothing is fetched from them. `req.auth.issuer` is the issuer as configured. @default none
   */
  issuerAliases?: readonly string[] | undefined
  /** Where the issuer's tokens name their subject. @default the claim `sub` */
  subject?: SubjectOptions | undefined
}

/** An issuer as described by a resolver. Missing members are taken from the options of `bearer()`. */
export type ResolvedIssuer = Partial<Omit<IssuerOptions, 'issuerAliases'>>

/**
 * Looks up an issuer, such as a tenant in a database. Returns `undefined` for an issuer that is not trusted. Results are cached
 * for 300 seconds, and `undefined` for 60. A rejection counts as an outage, and so does an answer that takes longer than `httpTimeoutSeconds`: the
 * request gets 503.
 *
 * @example
 * ```ts
 * bearer({
 *   issuer: async (name) => ((await isKnownTenant(name)) ? {} : undefined),
 *   audience: 'https://api.example.com',
 * })
 * ```
 */
export type IssuerResolver = (issuer: string) => Promise<ResolvedIssuer | undefined> | ResolvedIssuer | undefined

/** One issuer, several of the same kind, or those that a resolver knows, all with the same audience. */
export interface SharedAudienceOptions extends IssuerOptions {
  /**
   * An issuer identifier or a list, spelled exactly as in the tokens; a resolver; or a template such as
   * `https://login.microsoftonline.com/{tenantid}/v2.0`, for the tenants in `tenants`.
   */
  issuer: string | readonly string[] | IssuerResolver
  /** Audiences, of which a token must name one. There is no default: only an explicit `null` accepts tokens for anyone. */
  audience: Audience
  /** Tenants that may replace the placeholder of the template. Only for a template, which needs them. @default none */
  tenants?: readonly string[] | undefined
}

/**
 * Several issuers, each with its own audience, algorithms and keys.
 *
 * @example
 * ```ts
 * bearer({
 *   issuer: {
 *     'https://id.example.com': { audience: 'https://api.example.com' },
 *     'https://login.partner.example': { audience: 'orders', profile: 'jwt' },
 *   },
 * })
 * ```
 */
export interface IssuerMapOptions {
  /** Options by issuer identifier. */
  issuer: Readonly<Record<string, IssuerOptions>>
}
