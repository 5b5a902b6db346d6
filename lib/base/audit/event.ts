import type { OidcErrorCode } from '../../error-codes.js'

/**
 * Where an event comes from, as far as it is known. `ip` and `userAgent` are absent where no request of a browser is behind it,
 * such as an answer to a poll.
 */
export interface AuditOrigin {
  /** Address of the client: `req.ip` of Express, which honours `trust proxy`; else that of the connection. Personal data. */
  readonly ip?: string
  /** `User-Agent`, at most 256 characters of printable ASCII. Anybody can write anything there. */
  readonly userAgent?: string
  /** `req.id` if the framework or a logger has set it, else the header `X-Request-Id`. */
  readonly requestId?: string
  /** Trace ID of the header `traceparent` (W3C Trace Context section 3.2.2.3). */
  readonly traceId?: string
  /** Method of the request. */
  readonly method?: string
  /** Path of the request, without its query; at most 256 characters. */
  readonly path?: string
}

/** Whom and what an event is about, as far as it is known. */
export interface AuditSubject {
  /** The issuer. */
  readonly issuer?: string
  /** The client ID. */
  readonly clientId?: string
  /** Name of the provider, if `oidc()` has several. */
  readonly provider?: string
  /** `sub`: who it is about. Personal data. */
  readonly subject?: string
}

/** How a session was ended on purpose. */
export type AuditedLogout =
  /** Here alone: the provider has no logout, or was not to be asked. */
  | 'local'
  /** Here, and the browser goes on to the provider (OpenID Connect RP-Initiated Logout 1.0). */
  | 'rp_initiated'
  /** A logout token of the provider, for the sessions of a subject or of a `sid`. */
  | 'backchannel'
  /** A frame of the provider's logout page. */
  | 'frontchannel'
  /** A security event of a transmitter. */
  | 'signal'
  /** One of a person's list of sessions. */
  | 'session_list'

/** Why a session that a browser brought does not count, or no longer. */
export type AuditedSessionEnd =
  /** Not used for `session.idleSeconds`. */
  | 'idle'
  /** Older than `session.absoluteSeconds`. */
  | 'absolute'
  /** Ended before, and brought again: by a logout, or by a revocation. */
  | 'revoked'
  /** Its provider is not in the options any more, or is another one under the same name. */
  | 'provider_changed'
  /** The provider refused its refresh token, or the login at the provider is over. */
  | 'refresh_refused'
  /** Its cookie is not one that this application has sealed: changed, cut, or of a key that is not in use any more. */
  | 'tampered'
  /** Cookies of one name hold sessions of different people. None of them counts. */
  | 'several_people'
  /** The browser did not prove that it holds the key that the session is bound to. */
  | 'device_lost'

/** Code of the error that explains an event. */
export type AuditReason = OidcErrorCode | 'unexpected_error'

/** What has happened, by name. Names and members are stable: others may be added. */
export type AuditFacts =
  /** Somebody has signed in. */
  | { readonly name: 'login_succeeded'; readonly acr?: string; readonly amr?: readonly string[] }
  /**
   * A login did not end well. `reason` distinguishes a refusal (`access_denied`) from what looks like an attack (`state_mismatch`,
   * `transaction_used` for a response that came twice, `issuer_mismatch`, the codes of ID Tokens).
   */
  | { readonly name: 'login_failed'; readonly reason: AuditReason }
  /** A guard asked for a stronger or more recent login. */
  | { readonly name: 'step_up_requested'; readonly requirement: string }
  /** The login that a guard asked for has succeeded. */
  | { readonly name: 'step_up_succeeded'; readonly acr?: string; readonly amr?: readonly string[] }
  /** A session's tokens could not be renewed: `invalid_grant` is a refresh token that was used before, revoked or too old. */
  | { readonly name: 'refresh_failed'; readonly reason: AuditReason }
  /** A session was ended on purpose. */
  | { readonly name: 'logout'; readonly via: AuditedLogout }
  /** A request to end sessions was refused. */
  | { readonly name: 'logout_refused'; readonly via: AuditedLogout; readonly reason: AuditReason }
  /** A session of another package was taken over (`session.migrateFrom`): nobody has signed in now. */
  | { readonly name: 'session_migrated' }
  /** A session does not count, or no longer. */
  | { readonly name: 'session_ended'; readonly reason: AuditedSessionEnd }
  /** A valid security event of a transmitter has arrived. `signal` is its type, such as the URI of CAEP's `session-revoked`. */
  | { readonly name: 'signal_received'; readonly signal: string }
  /** A security event token was refused. */
  | { readonly name: 'signal_refused'; readonly reason: AuditReason }
  /** A session was bound to a key of the browser. */
  | { readonly name: 'device_bound' }
  /** A browser's proof for a key was refused. */
  | { readonly name: 'device_refused'; readonly reason: AuditReason }
  /** An access token or API key was refused. */
  | { readonly name: 'token_refused'; readonly reason: AuditReason }
  /** Somebody is signed in, but does not meet a requirement. */
  | { readonly name: 'access_denied'; readonly reason: AuditReason; readonly requirement: string }
  /** A request that a page of another site may have caused was refused. */
  | { readonly name: 'cross_site_refused'; readonly reason: AuditReason }

/** The names of events. */
export type AuditEventName = AuditFacts['name']

/**
 * An event of security interest, as published to the channel `express-oidc:audit` of `node:diagnostics_channel`.
 *
 * It holds personal data (`subject`, `ip`, `userAgent`), and never a token, a code, a secret or a cookie.
 */
export type AuditEvent = AuditFacts &
  AuditSubject &
  AuditOrigin & {
    /** When, as ISO 8601 in UTC with milliseconds. */
    readonly time: string
    /** How it ended. `unknown` where that is still open, such as a step-up that was asked for. */
    readonly outcome: 'success' | 'failure' | 'unknown'
    /** SHA-256 of the session's ID: the same for all events of a session. It opens nothing. */
    readonly session?: string
  }
