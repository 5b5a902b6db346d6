import { expect, test } from '@jest/globals'
import type { TraceStep } from '../../lib/base/tracing/event.js'
import { traced } from '../../lib/base/diagnostics.js'
import { recordSteps } from '../../lib/telemetry/step-metrics.js'

test('the durations of all steps are recorded, but for requests, which have their own histogram, and for steps that take no time', async () => {
  const recorded: unknown[] = []
  const meter = {
    createCounter: () => ({ add: () => undefined }),
    createHistogram: (name: string) => ({
      record: (_seconds: number, attributes: Record<string, unknown>) =>
        void recorded.push([name, attributes['express_oidc.operation']]),
    }),
  }
  const ends = recordSteps(meter)
  const operations = ['certificates', 'provider_options', 'login', 'signal', 'token_exchange'] as const
  const others: readonly TraceStep[] = ['session', 'guard', 'request']
  for (const step of [...operations, ...others]) await traced(step, {}, async () => undefined)
  for (const end of ends) end()
  expect(recorded).toEqual([
    ...operations.map((step) => ['express_oidc.operation.duration', step]),
    ['http.client.request.duration', undefined],
  ])
})
