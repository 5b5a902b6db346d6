import { recordEvents } from './event-metrics.js'
import type { MeterLike } from './instruments.js'
import { recordSteps } from './step-metrics.js'

/**
 * Records metrics of OpenTelemetry: durations of requests to providers and of this package's steps, and counts of logins,
 * renewals, logouts, token validations and refusals. Attributes are closed codes: no subject, issuer, tenant, session or host.
 *
 * Call it once, after the SDK has been set up: a meter from before records nothing.
 *
 * @example
 * ```ts
 * import { metrics } from '@opentelemetry/api'
 * import { recordMetrics } from 'express-oidc/telemetry'
 *
 * recordMetrics(metrics.getMeter('express-oidc'))
 * ```
 *
 * @param meter - a `Meter` of `@opentelemetry/api`
 * @returns a function that ends the recording
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpclientrequestduration
 */
export function recordMetrics(meter: MeterLike): () => void {
  const ends = [...recordSteps(meter), recordEvents(meter)]
  return () => {
    for (const end of ends) end()
  }
}
