import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { auditChannel } from '../../../lib/base/audit/audit.js'
import type { AuditEvent } from '../../../lib/base/audit/event.js'

/** Collects what the audit channel publishes, until it is stopped. */
export class AuditWatch {
  readonly events: AuditEvent[] = []
  readonly #listener = (event: unknown): void => void this.events.push(event as AuditEvent)

  constructor() {
    subscribe(auditChannel, this.#listener)
  }

  /** What was published since the last call. */
  take(): readonly AuditEvent[] {
    return this.events.splice(0)
  }

  stop(): void {
    unsubscribe(auditChannel, this.#listener)
  }
}
