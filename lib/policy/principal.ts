/** JSON claims by name. */
export type Claims = Record<string, unknown>

/** Who makes the request, however that was established: by a login session or by an access token. */
export interface Principal<C extends object = Claims> {
  readonly scheme: 'session' | 'bearer' | 'dpop'
  /** `sub`, or what `bearer({ subject })` says: unique at the issuer only. The key of a person is `issuer` and `subject` together (OpenID Connect Core section 5.7). */
  readonly subject: string
  readonly issuer: string
  /** Of the ID Token (session) or of the access token; frozen. */
  readonly claims: Readonly<C>
  /** Scopes that were granted, not those that were asked for. */
  readonly scopes: readonly string[]
  /** Seconds since the epoch at which the session, or the token, ends. */
  readonly expiresAt: number
  /** The client that an access token was issued to, where the token says so. */
  readonly clientId?: string
  /**
   * Whether the client acts for itself, with no person behind it (RFC 9068 section 5). `undefined` where the access token does
   * not tell: ask by `person()` and `machine()`, which both refuse then. A session is always a person's.
   */
  readonly isMachine?: boolean
  /** The access token as presented (bearer and DPoP only). Not enumerable, so that logging a principal does not leak it. */
  readonly token?: string
}
