/**
 * What was seen and what was expected where something was refused, for logs. It contains no token, secret, code or personal claim:
 * values are quoted as JSON, in printable ASCII, and cut at 100 characters.
 */
export interface OidcErrorDetails {
  /** What was looked at: a claim, a member of the token's header, a parameter or a requirement, such as `aud`, `typ` or `scope`. */
  readonly subject?: string | undefined
  /** Its value if that is not a secret: `iss`, `aud`, the client, `alg`, `typ`, `kid` and dates. Otherwise a word such as `missing`. */
  readonly seen?: string | undefined
  /** What it had to be. */
  readonly expected?: string | undefined
  /** The option that says so. */
  readonly option?: string | undefined
  /** How many seconds a date is ahead of this clock, or behind it if negative. Absent for anything but a date. */
  readonly offBySeconds?: number | undefined
  /** The token that was refused. Without a valid signature, anybody may have written this. */
  readonly token?: TokenDetails | undefined
}

/** What identifies a token in logs: quoted texts as in {@link OidcErrorDetails}, and dates in seconds since the epoch. */
export interface TokenDetails {
  /** The signature algorithm in its header. */
  readonly alg?: string | undefined
  /** The type of token that its header names. */
  readonly typ?: string | undefined
  /** The ID of the key that its header names. */
  readonly kid?: string | undefined
  /** The issuer that it names. */
  readonly iss?: string | undefined
  /** The audience that it names. */
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
