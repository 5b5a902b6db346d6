import type { OidcErrorCode } from '../../error-codes.js'
import type { OidcErrorDetails } from '../../error-details.js'
import type { OidcError } from '../../errors.js'

/**
 * The steps that can be traced. Each has a tracing channel of `node:diagnostics_channel`, named `express-oidc:<step>`.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel'
 * import type { TraceEvent } from 'express-oidc'
 *
 * subscribe('tracing:express-oidc:refresh:error', (event) => {
 *   const { issuer, errorCode } = event as TraceEvent
 *   console.warn('a refresh failed', issuer, errorCode)
 * })
 * ```
 */
export type TraceStep =
  | 'login'
  | 'callback'
  | 'session'
  | 'refresh'
  | 'logout'
  | 'backchannel_logout'
  /** A security event token, pushed or polled. */
  | 'signal'
  | 'validation'
  | 'discovery'
  | 'keys'
  | 'introspection'
  | 'client_credentials'
  | 'token_exchange'
  | 'guard'
  | 'request'
  /** The function `providers` is asked for a provider. */
  | 'provider_options'
  /** The function `tls` is asked for certificates. If it fails, those of before stay in use. */
  | 'certificates'
  /** One call of the store that holds sessions, or that processes share. */
  | 'store'

/** Something worth noting in a step, whether it succeeded or not. */
export type TraceRemark =
  /** Cookies of one name held sessions of different people. None of them counts. */
  | 'several_people'
  /** A cookie had no room for tokens for further targets: they are requested again when needed. */
  | 'additional_tokens_left_out'
  /** Claims and the application's data were compressed to fit into a cookie. */
  | 'compressed'
  /** A session of another package was taken over (`session.migrateFrom`). */
  | 'migrated'
  /** A cookie had room for the ID Token's claims only: a logout will have no `id_token_hint`. */
  | 'id_token_left_out'
  /** A cookie had no room for the access token: other processes renew it when they need it. */
  | 'access_token_left_out'
  /** At `callback`: nobody was signed in, and another login was begun: the browser sent no cookie of this one, or it was too old. */
  | 'begun_again'
  /** At `login` or `callback`: the URL of the wanted page was too long to keep, so the person returns to a shorter one. */
  | 'return_target_lost'
  /** At `validation` or `callback`: the token lists no groups, since there were too many, but where to ask for them (Entra). */
  | 'groups_left_out'
  /** At `callback`: the login brought no refresh token, so `session.revalidateSeconds` does nothing for it. */
  | 'revalidation_impossible'
  /** At `logout`: nobody is signed out yet. A page asks whether to, since the request does not say which page it comes from. */
  | 'confirmation_shown'
  /** At `logout`: the window goes on to the provider. An earlier request, of a form or a script, has ended the session. */
  | 'logout_continued'

/**
 * The event that subscribers of a step's tracing channel get. It is the same object from `start` on, so it can be the key of
 * a WeakMap. It never holds a token, a code, a secret, a cookie or personal data, not even `sub`.
 */
export interface TraceEvent {
  /** The step that is traced. */
  readonly step: TraceStep
  /** The configured issuer. At `validation`, the token's issuer once the token was accepted. */
  readonly issuer?: string
  /** The configured client ID. */
  readonly clientId?: string
  /** Name of the provider, if `oidc()` has several. */
  readonly provider?: string
  /** How the step ended. Set at `end` if the step was synchronous, else from `asyncStart` on. */
  readonly outcome?: 'succeeded' | 'failed'
  /** Code of the error. `unexpected_error` for an error of the application or another package. */
  readonly errorCode?: OidcErrorCode | 'unexpected_error'
  /** The error, if it is one of this package. */
  readonly error?: OidcError
  /** What the error says was seen and expected, such as another `aud`. The same as `error.details`. */
  readonly details?: OidcErrorDetails
  /** At `login`: the redirect URI, which has to be registered at the provider. */
  readonly redirectUri?: string
  /** Method of an outbound request; at `store`, the name of the call, such as `get`. */
  readonly method?: string
  /** Origin and path of an outbound request, without its query. */
  readonly url?: string
  /** HTTP status of the response to an outbound request, once it has arrived. */
  readonly status?: number
  /** What is worth noting. At `session`, an event is published only if there are remarks. */
  readonly remarks?: readonly TraceRemark[]
  /**
   * At `refresh`: why the new ID Token was rejected. The other new tokens are used, and the session keeps its previous ID
   * Token.
   */
  readonly idTokenFlaw?: OidcErrorCode
  /** At `refresh`: the new access token is valid for less than the requested `minTtl`. */
  readonly isShortLived?: true
}
