import type {
  AccessErrorCode,
  AuthorizationResponseErrorCode,
  BearerErrorCode,
  ConfigurationErrorCode,
  OidcErrorCode,
  ProviderErrorCode,
  SessionErrorCode,
  TokenEndpointErrorCode,
  TokenValidationErrorCode,
  TransactionErrorCode,
  UpstreamErrorCode,
} from './error-codes.js'
import { classNames, inherits, ofThisPackage } from './error-copies.js'
import {
  accessStatus,
  authorizationResponseStatus,
  bearerStatus,
  providerStatus,
  sessionStatus,
  tokenEndpointStatus,
  transactionStatus,
  upstreamStatus,
} from './error-statuses.js'
import type { OidcErrorDetails, OidcErrorInit, ProviderErrorReport, TokenDetails } from './error-details.js'

/**
 * The base class of every error that this package throws or passes to `next`. The class says whose fault it is, and `code`
 * says what happened. Express and Connect honour `status`, `headers` and `expose`. Messages never hold a token, a secret, an
 * authorization code or personal data.
 *
 * @example
 * ```ts
 * import { OidcError } from 'express-oidc'
 * import type { NextFunction, Request, Response } from 'express'
 *
 * app.use((error: unknown, req: Request, res: Response, next: NextFunction) => {
 *   if (!(error instanceof OidcError)) return next(error)
 *   console.error(error.code, error.message, error.cause)
 *   res.status(error.status).set(error.headers).send(error.expose ? error.message : 'Something went wrong')
 * })
 * ```
 */
export class OidcError<Code extends OidcErrorCode = OidcErrorCode> extends Error {
  /** @internal */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return inherits(value, this) || (classes.has(this) && classNames(value).includes(this.name))
  }

  /** What happened, from a closed set of names. */
  readonly code: Code
  /** HTTP status of the response. */
  readonly status: number
  /** Response headers, such as `Retry-After` or `WWW-Authenticate`. */
  readonly headers: Readonly<Record<string, string>>
  /** Whether the response may show `message`: below status 500 only. */
  readonly expose: boolean
  /** What was seen and expected, for logs. It is not enumerable, and in no response. */
  declare readonly details?: OidcErrorDetails
  /** What the provider said, for logs. It is not enumerable, and in no response. */
  declare readonly provider?: ProviderErrorReport

  constructor(code: Code, message: string, status: number, init: OidcErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.name = new.target.name
    this.code = code
    this.status = init.status ?? status
    this.headers = init.headers ?? {}
    this.expose = this.status < 500
    const { details, provider }: OidcErrorInit = init.cause instanceof OidcError ? init.cause : {}
    hide(this, 'details', init.details ?? details)
    hide(this, 'provider', init.provider ?? provider)
  }

  /** @internal */
  get [ofThisPackage](): true {
    return true
  }

  /** Same as `status`, for code that reads the spelling of http-errors. */
  get statusCode(): number {
    return this.status
  }
}

// Not enumerable: neither JSON nor a copy of the error's members holds it.
function hide(error: OidcError, name: 'details' | 'provider', value: object | undefined): void {
  if (value !== undefined) Object.defineProperty(error, name, { value: Object.freeze(value), configurable: true })
}

/** Adds the token that an error is about to its details, unless they name one. */
export function addToken(error: OidcError, token: TokenDetails): void {
  if (error.details?.token === undefined) hide(error, 'details', { ...error.details, token })
}

/** The application's set-up is invalid (500). Thrown when middleware is created, or on first use where it cannot be detected earlier. */
export class ConfigurationError extends OidcError<ConfigurationErrorCode> {
  constructor(code: ConfigurationErrorCode, message: string, init?: OidcErrorInit) {
    super(code, message, 500, init)
  }
}

/** The authorization server is unavailable (503, with `Retry-After`) or its response is invalid (502). No session ends because of it. */
export class ProviderError extends OidcError<ProviderErrorCode> {
  constructor(code: ProviderErrorCode, message: string, init?: OidcErrorInit) {
    super(code, message, providerStatus(code), init)
  }
}

/**
 * The authorization response is an error response (403 or 400), or is invalid (400). Also 405, 413 or 415 for a request that one of our
 * routes does not accept, and 502 for a pushed authorization request that the provider refuses.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
 */
export class AuthorizationResponseError extends OidcError<AuthorizationResponseErrorCode> {
  constructor(code: AuthorizationResponseErrorCode, message: string, init?: OidcErrorInit) {
    super(code, message, authorizationResponseStatus(code), init)
  }
}

/** The login cannot be finished: it is unknown here (400), too old (410), finished before (400), in a loop (400) or refused by `onLogin` (403). */
export class TransactionError extends OidcError<TransactionErrorCode> {
  constructor(code: TransactionErrorCode, message: string, init?: OidcErrorInit) {
    super(code, message, transactionStatus(code), init)
  }
}

/**
 * The token endpoint refused the request (400 for `invalid_grant`, 401 for `interaction_required`, else 502), or its response
 * is invalid (502).
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
export class TokenEndpointError extends OidcError<TokenEndpointErrorCode> {
  /**
   * The provider's claims challenge, for `interaction_required`: JSON for the parameter `claims` of the person's next login. Absent if
   * the provider sent none.
   */
  readonly claims?: string

  constructor(code: TokenEndpointErrorCode, message: string, init: OidcErrorInit & { readonly claims?: string } = {}) {
    super(code, message, tokenEndpointStatus(code), init)
    if (init.claims !== undefined) this.claims = init.claims
  }
}

/** A token is not valid. At the callback this is the provider's fault (502). At an API it is the `cause` of a {@link BearerError}. */
export class TokenValidationError extends OidcError<TokenValidationErrorCode> {
  constructor(code: TokenValidationErrorCode, message: string, init?: OidcErrorInit) {
    super(code, message, 502, init)
  }
}

/**
 * A resource server refused the request (400, 401 or 403). The challenge is in `headers['WWW-Authenticate']`, the reason in
 * `cause`: log it, do not send it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 */
export class BearerError extends OidcError<BearerErrorCode> {
  constructor(code: BearerErrorCode, message: string, init?: OidcErrorInit) {
    super(code, message, bearerStatus(code), init)
  }
}

/**
 * A guard refused the request: nobody is signed in (401), or the principal is not allowed (403). Also 421 for a host that is not
 * allowed, 503 if the policy decision point is unavailable, and 400, 405 or 414 for what `apiProxy()` does not send on.
 */
export class AccessError extends OidcError<AccessErrorCode> {
  /** Kind of the requirement that was not met, such as `scope` or `claim`. Absent when nobody is signed in. */
  readonly requirement?: string
  /** URL that signs in and returns to the page, for a link on an error page. It is there for `login_needed` behind `oidc()`. */
  readonly loginUrl?: string

  constructor(
    code: AccessErrorCode,
    message: string,
    init: OidcErrorInit & { readonly requirement?: string; readonly loginUrl?: string } = {},
  ) {
    super(code, message, accessStatus(code), init)
    if (init.requirement !== undefined) this.requirement = init.requirement
    if (init.loginUrl !== undefined) this.loginUrl = init.loginUrl
  }
}

/** The session is missing, has ended or cannot be stored (401 or 500), or its store is unavailable (503, with `Retry-After`). */
export class SessionError extends OidcError<SessionErrorCode> {
  constructor(code: SessionErrorCode, message: string, init?: OidcErrorInit) {
    super(code, message, sessionStatus(code), init)
  }
}

/** The API behind `apiProxy()` is unavailable or its response is invalid (502), or it took too long (504). */
export class UpstreamError extends OidcError<UpstreamErrorCode> {
  constructor(code: UpstreamErrorCode, message: string, init?: OidcErrorInit) {
    super(code, message, upstreamStatus(code), init)
  }
}

// Only these: an application's own class may have any name.
const classes: ReadonlySet<object> = new Set([
  OidcError,
  AccessError,
  AuthorizationResponseError,
  BearerError,
  ConfigurationError,
  ProviderError,
  SessionError,
  TokenEndpointError,
  TokenValidationError,
  TransactionError,
  UpstreamError,
])
