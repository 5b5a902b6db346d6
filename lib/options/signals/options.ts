import type { AsymmetricAlgorithm } from '../bearer/issuer-options.js'
import type { SecurityEvent, SubjectLookup } from './events.js'

/** A source of access tokens for a transmitter's API, such as `clientCredentials()` returns. */
export interface SignalTokenSource {
  /** Returns the token. */
  getToken(): Promise<string>
  /** Forgets a token that was refused. The next one is new. */
  drop(token: string): void
}

/** How SETs are fetched from a transmitter. */
export interface SignalPollOptions {
  /** The endpoint. @default that of the one stream with delivery by poll that the transmitter's API lists */
  url?: string | undefined
  /** The greatest number of events in one response. @default 100 */
  maxEvents?: number | undefined
  /** Whether the transmitter answers at once when there is nothing. @default false, it may hold the request until there is something */
  returnImmediately?: boolean | undefined
  /** Seconds until the next request after a response without events that came at once. @default 10 */
  intervalSeconds?: number | undefined
}

/**
 * A transmitter of security events, and whose sessions it may end.
 *
 * @see https://openid.net/specs/openid-sharedsignals-framework-1_0.html
 */
export interface TransmitterOptions {
  /** The transmitter's issuer: `iss` of its tokens. */
  issuer: string
  /**
   * Issuer of the sessions that it may end: that of a provider of `oidc`. Subjects of any other issuer are left alone.
   *
   * @default the transmitter's own issuer
   */
  subjectIssuer?: string | undefined
  /** `aud` of its tokens: any of these. @default the client ID at the provider of `subjectIssuer` */
  audience?: string | readonly string[] | undefined
  /**
   * Finds sessions for subjects that do not name a person by `iss` and `sub`: `email`, `phone_number`, `opaque` and others. Without it
   * such events end nothing. It has `httpTimeoutSeconds` to answer.
   *
   * @default none
   */
  subjects?: SubjectLookup | undefined
  /**
   * Value of the header `Authorization` that each push must have, of at least 8 characters; any of a list, for rotation.
   *
   * @default the header is not checked
   */
  pushAuthorization?: string | readonly string[] | undefined
  /** Access token for the transmitter's API and its poll endpoint: a token, a function, or what `clientCredentials()` returns. @default none */
  accessToken?: string | (() => string | Promise<string>) | SignalTokenSource | undefined
  /** How `poll()` fetches events. With `false`, it fetches none. @default false */
  poll?: boolean | SignalPollOptions | undefined
  /** Accepted signature algorithms. @default all with a public key */
  algorithms?: readonly AsymmetricAlgorithm[] | undefined
  /** Greatest age of a token, by `iat`, in seconds. It is also how long a `jti` is remembered. @default 604800, a week */
  maxAgeSeconds?: number | undefined
  /** URL of the transmitter's configuration. @default `/.well-known/ssf-configuration`, followed by the path of the issuer */
  configurationUrl?: string | undefined
  /** URL of its keys. @default `jwks_uri` of its configuration */
  jwksUri?: string | undefined
  /** The transmitter's protocol: SSF, or an older one of Apple or Google. The presets of `express-oidc/providers` set it. @default 'ssf' */
  profile?: 'ssf' | 'apple' | 'google' | undefined
}

/** What {@link SignalsOptions.oidc} takes: what `oidc()` returned. */
export interface OidcOfSignals {
  /** The method of `oidc()`'s middleware. */
  authenticate(req: never): unknown
  /** The method of `oidc()`'s middleware. */
  health(): unknown
}

/**
 * Options of `signals()`.
 *
 * @example
 * ```ts
 * import { oidc, signals } from 'express-oidc'
 *
 * const auth = oidc(options)
 * app.use(signals({ oidc: auth, transmitters: [{ issuer: 'https://id.example.com' }] }))
 * app.use(auth)
 * ```
 */
export interface SignalsOptions {
  /** What `oidc()` returned. Events end its sessions. */
  oidc: OidcOfSignals
  /** The transmitters. */
  transmitters: readonly TransmitterOptions[]
  /** Path of the route that transmitters push events to, as transmitters see it. @default '/signals' */
  path?: string | undefined
  /**
   * Called for each valid event after it has been acted on, and before it is acknowledged. If the function throws, the transmitter
   * sends the event again, and the error goes to the error handlers, or to `onError` if the event was polled. The same goes for a
   * call that takes longer than 60 seconds. An event may come more than once: two processes that receive it at once both call it.
   *
   * @default none
   */
  onEvent?: ((event: SecurityEvent) => unknown) | undefined
  /** Called with each failure of `poll()`, and the transmitter's issuer. Polling waits for it, for 10 seconds at most. @default none */
  onError?: ((error: unknown, transmitter: string) => unknown) | undefined
  /** Tolerance for clocks, in seconds. @default 30 */
  clockToleranceSeconds?: number | undefined
  /** Makes the requests to transmitters. @default `node:https` with keep-alive */
  fetch?: typeof fetch | undefined
  /** Deadline of such a request, and of the functions in `accessToken` and `subjects`, in seconds. @default 5 */
  httpTimeoutSeconds?: number | undefined
  /** Allows plain http for hosts that are not on loopback. @default false */
  dangerouslyAllowHttp?: boolean | undefined
}
