import { tracingChannel } from 'node:diagnostics_channel'
import type { OidcErrorCode } from '../error-codes.js'
import { OidcError } from '../errors.js'

/** The steps that can be watched, each on the `node:diagnostics_channel` tracing channel `express-oidc:<step>`. */
export type TraceStep =
  | 'login'
  | 'callback'
  | 'session'
  | 'refresh'
  | 'logout'
  | 'backchannel_logout'
  | 'validation'
  | 'discovery'
  | 'keys'
  | 'introspection'
  | 'client_credentials'
  | 'token_exchange'
  | 'request'

/** What a step has to say beside how it ended. */
export type TraceRemark =
  /** Cookies of one name led to sessions of different people, of which none counts. */
  | 'several_people'
  /** A cookie had no room for tokens for further targets: they are asked for again. */
  | 'further_tokens_left_out'
  /** Claims and data of the application were compressed to fit. */
  | 'compressed'
  /** A cookie had room for the ID Token's claims only: a logout goes without `id_token_hint`. */
  | 'id_token_left_out'
  /** A cookie had no room for the access token: other processes than this one renew it when they need it. */
  | 'access_token_left_out'
  /** At `login` or `callback`: somebody comes back to less than the page that they wanted, whose URL was too long to keep. */
  | 'return_target_lost'

/**
 * What the subscribers of a step's tracing channel are handed: the same object from `start` on, so that it can be the key
 * of a WeakMap. It never holds a token, a code, a secret, a cookie or anything of a person, `sub` included.
 */
export interface TraceEvent {
  readonly step: TraceStep
  /** Issuer of the configuration; at `validation` that of the token, once it was accepted. */
  readonly issuer?: string
  readonly clientId?: string
  /** There when the step has ended: at `end` for what waited for nothing, else from `asyncStart` on. */
  readonly outcome?: 'succeeded' | 'failed'
  /** Code of the failure; `unexpected_error` for one that is not of this package, such as the application's own. */
  readonly errorCode?: OidcErrorCode | 'unexpected_error'
  /** The failure, where it is one of this package. */
  readonly error?: OidcError
  /** Method of an outbound request. */
  readonly method?: string
  /** Origin and path of an outbound request, without its query. */
  readonly url?: string
  /** HTTP status of the answer to an outbound request, as soon as there is one. */
  readonly status?: number
  /** What was noticed on the way. At `session` there is an event only where there is something to say. */
  readonly remarks?: readonly TraceRemark[]
  /**
   * At `refresh`: why the new ID Token was not taken, by the code that it would have failed with. The new tokens were; the
   * session keeps the ID Token that it had.
   */
  readonly idTokenFlaw?: OidcErrorCode
  /** At `refresh`: the new access token lives for less than the `minTtl` that was asked for. */
  readonly isShortLived?: true
}

/** What a step is told to be about. */
export type TraceContext = Pick<TraceEvent, 'issuer' | 'clientId' | 'method' | 'url'>

/** What may be added while the step goes on. */
export interface TraceNotes {
  issuer?: string
  status?: number
  remarks?: readonly TraceRemark[]
  idTokenFlaw?: OidcErrorCode
  isShortLived?: true
}

type Channel = ReturnType<typeof channelOf>
type OpenEvent = { -readonly [Member in keyof TraceEvent]: TraceEvent[Member] }

const channels: Readonly<Record<TraceStep, Channel>> = {
  login: channelOf('login'),
  callback: channelOf('callback'),
  session: channelOf('session'),
  refresh: channelOf('refresh'),
  logout: channelOf('logout'),
  backchannel_logout: channelOf('backchannel_logout'),
  validation: channelOf('validation'),
  discovery: channelOf('discovery'),
  keys: channelOf('keys'),
  introspection: channelOf('introspection'),
  client_credentials: channelOf('client_credentials'),
  token_exchange: channelOf('token_exchange'),
  request: channelOf('request'),
}

/** Whether anybody watches a step: for paths where even a closure would cost too much. */
export function isTraced(step: TraceStep): boolean {
  return channels[step].hasSubscribers
}

/**
 * Does the work of a step, and tells whoever watches. What it returns, or throws, comes through as it is; what returns
 * without a promise stays synchronous.
 *
 * @param context - may hold more than is told: issuer, client ID, method and URL are picked from it
 * @param work - gets an object for its notes while somebody watches
 */
export function traced<T>(step: TraceStep, context: TraceContext, work: (notes: TraceNotes | undefined) => T): T {
  const channel = channels[step]
  return channel.hasSubscribers ? watched(channel, newEvent(step, context), work) : work(undefined)
}

/** Tells whoever watches a step what was noticed. */
export function remarkOn(step: TraceStep, context: TraceContext, remarks: readonly TraceRemark[]): void {
  traced(step, context, (notes) => {
    if (notes !== undefined) notes.remarks = remarks
  })
}

// Not tracePromise: it would hand the result on to the subscribers, and results here hold tokens.
function watched<T>(channel: Channel, event: OpenEvent, work: (notes: TraceNotes) => T): T {
  return channel.start.runStores(event, () => {
    try {
      const result = work(event)
      if (result instanceof Promise) watchPromise(channel, event, result)
      else succeed(event)
      return result
    } catch (error) {
      fail(event, error)
      channel.error.publish(event)
      throw error
    } finally {
      channel.end.publish(event)
    }
  })
}

function watchPromise(channel: Channel, event: OpenEvent, promise: Promise<unknown>): void {
  const finish = (): void => {
    channel.asyncStart.publish(event)
    channel.asyncEnd.publish(event)
  }
  promise.then(
    () => {
      succeed(event)
      finish()
    },
    (error: unknown) => {
      fail(event, error)
      channel.error.publish(event)
      finish()
    },
  )
}

function newEvent(step: TraceStep, { issuer, clientId, method, url }: TraceContext): OpenEvent {
  return {
    step,
    ...(issuer === undefined ? {} : { issuer }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(method === undefined ? {} : { method }),
    ...(url === undefined ? {} : { url }),
  }
}

function succeed(event: OpenEvent): void {
  event.outcome = 'succeeded'
}

// Errors of others, such as those that the application's callbacks throw, may hold anything.
function fail(event: OpenEvent, error: unknown): void {
  event.outcome = 'failed'
  event.errorCode = isOidcError(error) ? error.code : 'unexpected_error'
  if (isOidcError(error)) event.error = error
}

function isOidcError(error: unknown): error is OidcError {
  return error instanceof OidcError
}

function channelOf(step: TraceStep) {
  return tracingChannel<unknown, TraceEvent>(`express-oidc:${step}`)
}
