/**
 * What was seen and what was expected where something was refused, for logs. No token, secret, code or personal claim is in
 * it: values are quoted as JSON, in printable ASCII, and cut at 100 characters.
 */
export interface OidcErrorDetails {
  /** What was looked at: a claim, a member of the token's header, a parameter or a requirement, such as `aud`, `typ` or `scope`. */
  readonly subject?: string | undefined
  /** Its value where that is nobody's secret: `iss`, `aud`, the client, `alg`, `typ`, `kid` and dates. Otherwise a word such as `missing`. */
  readonly seen?: string | undefined
  /** What it had to be. */
  readonly expected?: string | undefined
  /** The option that says so. */
  readonly option?: string | undefined
  /** Of a date: how many seconds it is ahead of this clock, or behind it if negative. */
  readonly offBySeconds?: number | undefined
  /** The token that was refused. Without a valid signature, anybody may have written this. */
  readonly token?: TokenDetails | undefined
}

/** What identifies a token in logs: quoted texts as in {@link OidcErrorDetails}, and dates in seconds since the epoch. */
export interface TokenDetails {
  /** Of the header: how it is signed. */
  readonly alg?: string | undefined
  /** Of the header: what kind of token it says it is. */
  readonly typ?: string | undefined
  /** Of the header: the key that it names. */
  readonly kid?: string | undefined
  /** Who it says has issued it. */
  readonly iss?: string | undefined
  /** Whom it says it is for. */
  readonly aud?: string | undefined
  /** The claim `azp`, `client_id` or the like. */
  readonly client?: string | undefined
  /** When it expires. */
  readonly exp?: number | undefined
  /** When it was issued. */
  readonly iat?: number | undefined
  /** When it begins to be valid. */
  readonly nbf?: number | undefined
}

/**
 * What the provider said about its error, in printable ASCII and cut to a bounded length. It is for logs only. Whatever looks
 * like a token, a code or an e-mail address is replaced, but a description can still name a person.
 */
export interface ProviderErrorReport {
  /** `browser`: in the authorization response, which anybody can write. `response`: in the provider's response to this server. */
  readonly via: 'browser' | 'response'
  /** The code, such as `invalid_client`. */
  readonly error?: string | undefined
  /** `error_description`. */
  readonly description?: string | undefined
  /** `error_uri`. */
  readonly uri?: string | undefined
  /** Codes of Entra, such as `AADSTS7000215`. */
  readonly codes?: readonly string[] | undefined
}

/** What an error holds besides its code and message. */
export interface OidcErrorInit {
  /** What was seen and expected. @default that of `cause` */
  readonly details?: OidcErrorDetails | undefined
  /** What the provider said. @default that of `cause` */
  readonly provider?: ProviderErrorReport | undefined
  /** HTTP status. @default by the class and code */
  readonly status?: number
  /** Response headers, such as `Retry-After` or `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The underlying error. It ends up in logs, so it must not hold a secret. */
  readonly cause?: unknown
}
