import { tracingChannel } from 'node:diagnostics_channel'
import type { TraceEvent, TraceStep } from '../../../lib/index.js'

/** Every step that the package tells of. */
export const steps = [
  'login',
  'callback',
  'session',
  'refresh',
  'logout',
  'backchannel_logout',
  'validation',
  'discovery',
  'keys',
  'introspection',
  'client_credentials',
  'token_exchange',
  'guard',
  'request',
  'certificates',
  'store',
] as const satisfies readonly TraceStep[]

/** Hears what every channel tells, in every phase, until it is stopped. */
export function watchAll(hear: (event: TraceEvent, phase: string) => void): { stop(): void } {
  const watched = steps.map((step) => {
    const channel = tracingChannel<unknown, TraceEvent>(`express-oidc:${step}`)
    const phases = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const
    const [start, end, asyncStart, asyncEnd, error] = phases.map((phase) => (event: TraceEvent) => hear(event, phase))
    if (!start || !end || !asyncStart || !asyncEnd || !error) throw new Error('a phase is missing')
    const subscribers = { start, end, asyncStart, asyncEnd, error }
    channel.subscribe(subscribers)
    return { channel, subscribers }
  })
  return {
    stop: () => {
      for (const { channel, subscribers } of watched) channel.unsubscribe(subscribers)
    },
  }
}
