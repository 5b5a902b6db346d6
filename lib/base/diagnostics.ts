import { tracingChannel } from 'node:diagnostics_channel'
import type { OidcErrorCode } from '../error-codes.js'
import type { OidcError } from '../errors.js'
import { isOidcError } from './error-cause.js'
import { omitUndefined } from './json.js'
import { writeDebugLog } from './tracing/debug-log.js'
import type { TraceEvent, TraceRemark, TraceStep } from './tracing/event.js'

/** What a step is about. */
export type TraceContext = Pick<TraceEvent, 'issuer' | 'clientId' | 'provider' | 'method' | 'url'>

/** What a step may add to its event while it runs. */
export interface TraceNotes {
  issuer?: string
  redirectUri?: string
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
  signal: channelOf('signal'),
  validation: channelOf('validation'),
  discovery: channelOf('discovery'),
  keys: channelOf('keys'),
  introspection: channelOf('introspection'),
  client_credentials: channelOf('client_credentials'),
  token_exchange: channelOf('token_exchange'),
  guard: channelOf('guard'),
  request: channelOf('request'),
  provider_options: channelOf('provider_options'),
  certificates: channelOf('certificates'),
  store: channelOf('store'),
}

writeDebugLog(channels)

/** Whether a step has subscribers: for hot paths, where even a closure would cost too much. */
export function isTraced(step: TraceStep): boolean {
  return channels[step].hasSubscribers
}

/**
 * Runs a step and publishes its events. What the step returns or throws passes through unchanged; a synchronous step stays
 * synchronous.
 *
 * @param context - issuer, client ID, method and URL are picked from it; other members are never published
 * @param work - gets an object for its notes if there are subscribers
 */
export function traced<T>(step: TraceStep, context: TraceContext, work: (notes: TraceNotes | undefined) => T): T {
  const channel = channels[step]
  return channel.hasSubscribers ? runTraced(channel, newEvent(step, context), work) : work(undefined)
}

/** Publishes remarks on a step. */
export function remarkOn(step: TraceStep, context: TraceContext, remarks: readonly TraceRemark[]): void {
  traced(step, context, (notes) => {
    if (notes !== undefined) notes.remarks = remarks
  })
}

/** Publishes the failure of a step that is over, such as the refusal of a guard. */
export function failedAt(step: TraceStep, context: TraceContext, error: OidcError): void {
  const channel = channels[step]
  if (!channel.hasSubscribers) return
  const event = newEvent(step, context)
  channel.start.publish(event)
  fail(event, error)
  channel.error.publish(event)
  channel.end.publish(event)
}

// Not tracePromise: it would publish the result, and results here hold tokens.
function runTraced<T>(channel: Channel, event: OpenEvent, work: (notes: TraceNotes) => T): T {
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

function newEvent(step: TraceStep, { issuer, clientId, provider, method, url }: TraceContext): OpenEvent {
  return omitUndefined({ step, issuer, clientId, provider, method, url })
}

function succeed(event: OpenEvent): void {
  event.outcome = 'succeeded'
}

// Other errors, such as those of the application's callbacks, may hold secrets: they are not published.
function fail(event: OpenEvent, error: unknown): void {
  event.outcome = 'failed'
  event.errorCode = isOidcError(error) ? error.code : 'unexpected_error'
  if (!isOidcError(error)) return
  event.error = error
  if (error.details !== undefined) event.details = error.details
}

function channelOf(step: TraceStep) {
  return tracingChannel<unknown, TraceEvent>(`express-oidc:${step}`)
}
