import { tracingChannel } from 'node:diagnostics_channel'
import { isOidcError } from '../base/error-cause.js'
import type { TraceEvent, TraceStep } from '../base/tracing/event.js'
import { counter, type Count, type MeterLike, type MetricAttributes, secondsHistogram } from './instruments.js'

/** Whether a step's duration is recorded as an operation. Requests have a histogram of their own, and the other two take no time. */
const isOperation: Readonly<Record<TraceStep, boolean>> = {
  login: true,
  callback: true,
  session: false,
  refresh: true,
  logout: true,
  backchannel_logout: true,
  signal: true,
  validation: true,
  introspection: true,
  client_credentials: true,
  token_exchange: true,
  guard: false,
  discovery: true,
  provider_options: true,
  certificates: true,
  store: true,
  keys: true,
  request: false,
}
const operations = Object.keys(isOperation).filter((step): step is TraceStep => Reflect.get(isOperation, step) === true)

/** Measures steps and requests to providers. Returns functions that end it. */
export function recordSteps(meter: MeterLike): readonly (() => void)[] {
  const requests = secondsHistogram(meter, 'http.client.request.duration', 'Duration of HTTP requests to providers')
  const duration = secondsHistogram(meter, 'express_oidc.operation.duration', "Duration of this package's steps")
  const counters: Readonly<Partial<Record<TraceStep, Count>>> = {
    refresh: counter(meter, 'express_oidc.refreshes', 'refresh', 'Renewals of access tokens'),
    validation: counter(
      meter,
      'express_oidc.token_validations',
      'token',
      'Access tokens and API keys that were checked',
    ),
  }
  return [
    // A failure of apiProxy() ends at once, without an asyncEnd: it is not recorded here.
    measure('request', false, (seconds, event) => requests(seconds, requestAttributes(event))),
    ...operations.map((step) =>
      measure(step, true, (seconds, event) => {
        duration(seconds, { 'express_oidc.operation': operationOf(event), ...errorType(event) })
        counters[step]?.({
          'express_oidc.outcome': event.outcome === 'failed' ? 'failure' : 'success',
          ...errorType(event),
        })
      }),
    ),
  ]
}

function measure(
  step: TraceStep,
  alsoAtOnce: boolean,
  record: (seconds: number, event: TraceEvent) => void,
): () => void {
  const channel = tracingChannel<unknown, TraceEvent>(`express-oidc:${step}`)
  const startedAt = new WeakMap<TraceEvent, number>()
  const finish = (event: TraceEvent): void => {
    record((performance.now() - (startedAt.get(event) ?? performance.now())) / 1000, event)
  }
  const subscribers = {
    start: (event: TraceEvent) => void startedAt.set(event, performance.now()),
    end: (event: TraceEvent) => (alsoAtOnce && event.outcome !== undefined ? finish(event) : undefined),
    asyncStart: () => undefined,
    asyncEnd: finish,
    error: () => undefined,
  }
  channel.subscribe(subscribers)
  return () => channel.unsubscribe(subscribers)
}

// Hosts of providers may name a tenant, so there is no server.address.
function requestAttributes(event: TraceEvent): MetricAttributes {
  const { method = 'GET', status } = event
  return {
    'http.request.method': method,
    ...(status === undefined ? {} : { 'http.response.status_code': status }),
    ...errorType(event),
  }
}

function operationOf({ step, method }: TraceEvent): string {
  return step === 'store' && method !== undefined ? `store.${method}` : step
}

// The cause of a refused token has what is wrong with it. All codes are closed.
function errorType({ error, errorCode }: TraceEvent): MetricAttributes {
  if (errorCode === undefined) return {}
  const { cause } = error ?? {}
  return { 'error.type': isOidcError(cause) ? cause.code : errorCode }
}
