import { createHash } from 'node:crypto'

/** A login at a stand-in, from the authorization request to the last refresh. */
export interface Login {
  readonly clientId: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  /** Everything that the authorization request said. */
  readonly request: URLSearchParams
  /** Seconds since the epoch. */
  readonly at: number
}

/** Claims, or any other JSON object. */
export type Json = Readonly<Record<string, unknown>>

/** How one provider differs from a plain one, as its documents say. What a row leaves out is as OpenID Connect has it. */
export interface Deviations {
  /** As the metadata spells it. */
  readonly issuer: string
  /** As ID Tokens spell it, where that differs. */
  readonly tokenIssuer?: string
  /** Where the metadata is. Default: below the issuer. */
  readonly discovery?: string
  /** What endpoints begin with. Default: the issuer, without the slash at its end. */
  readonly endpoints?: string
  /** Laid over the metadata; a member that is `undefined` is left out. */
  readonly metadata?: Json
  /** Members of the published key beside the usual ones. */
  readonly key?: Json
  /** Scopes that may be asked for. Default: any. */
  readonly scopes?: readonly string[]
  /** Who signs in. */
  readonly sub: string
  readonly idToken?: (login: Login) => Json
  /** An opaque text by default. */
  readonly accessToken?: (login: Login) => Json
  readonly accessTokenHeader?: Json
  /** What a good token for an API says beside `iss`, `iat` and `exp`, when no login is looked at. */
  readonly apiToken?: Json
  /** When a login gets a refresh token. Default: always. */
  readonly refreshes?: (login: Login) => boolean
  /** Whether a refresh brings an ID Token. Default: yes. */
  readonly idTokenAtRefresh?: boolean
  /** Laid over the token response; a member that is `undefined` is left out. */
  readonly tokenResponse?: Json
  /** The answer to a refresh token that is dead. Default: 400 `invalid_grant`. */
  readonly deadRefreshToken?: { readonly status: number; readonly body: Json }
  /** Whether a client secret is good. Default: the one that the world gives. */
  readonly isSecret?: (secret: string) => boolean
  /** Name of the parameter that says where a logout leads. Default: `post_logout_redirect_uri`. */
  readonly logoutRedirect?: string
  /** Where browsers go to log out. Default: `end_session_endpoint`. */
  readonly logout?: string
}

/** A scope that was asked for brings refresh tokens. */
export const byScope =
  (scope: string) =>
  ({ scopes }: Login): boolean =>
    scopes.includes(scope)

/** S256 of RFC 7636 section 4.6. */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}
