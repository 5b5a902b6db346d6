/** A validated login, as passed to `onLogin`. */
export interface CompletedLogin<Claims = Record<string, unknown>> {
  /** Claims of the ID Token, and with the option `userinfo` of the UserInfo endpoint. */
  readonly claims: Readonly<Claims & { iss: string; sub: string }>
  /** The ID Token. */
  readonly idToken: string
  /** The access token. `undefined` if the provider issued none, as Azure AD B2C does if no scope of an API was requested. */
  readonly accessToken: string | undefined
  /** The scopes that were granted, separated by spaces. */
  readonly scope: string
}

/** The request in which an error occurred, as passed to `onError`. */
export interface ErrorContext<Request, Response> {
  /** The framework's request. */
  readonly req: Request
  /** The framework's response. */
  readonly res: Response
  /** Passes the error to the next error handler, as without `onError`. */
  readonly next: (error?: unknown) => void
  /** URL that starts the login again and returns to the page that the person was on, or wanted. */
  readonly retryUrl: string
}

/** Data for the session; nothing or `true` for none; or `false` to refuse the login. */
export type OnLoginResult = Readonly<Record<string, unknown>> | undefined | void | boolean
