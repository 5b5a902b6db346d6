import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { auditChannel } from '../base/audit/audit.js'
import type { AuditEvent } from '../base/audit/event.js'
import { warnOfAuditListener } from '../options/telemetry/audit-warning.js'

/**
 * Calls a listener for each event of security interest, such as logins, refusals and sessions that end. Events hold personal
 * data: keep them no longer than you must.
 *
 * The listener is called after the current work of the event loop, with the asynchronous context of the request. A promise
 * that it returns is not waited for. If it fails, the request goes on, and a warning says so once
 * (`EXPRESS_OIDC_AUDIT_LISTENER`).
 *
 * Until the first call, and after the last listener has been removed, events are not even built.
 *
 * @example
 * ```ts
 * import { onAudit, toEcs } from 'express-oidc/telemetry'
 *
 * onAudit((event) => console.log(JSON.stringify(toEcs(event))))
 * ```
 *
 * @returns a function that removes the listener
 */
export function onAudit(listener: (event: AuditEvent) => unknown): () => void {
  let hasWarned = false
  const failed = (error: unknown): void => {
    if (!hasWarned) warnOfAuditListener(error)
    hasWarned = true
  }
  const call = async (event: AuditEvent): Promise<void> => {
    try {
      await listener(event)
    } catch (error) {
      failed(error)
    }
  }
  // An error of a channel's listener would end the process (Node's documentation of diagnostics_channel).
  const published = (event: unknown): void => {
    if (isAuditEvent(event)) setImmediate(() => void call(event))
  }
  subscribe(auditChannel, published)
  return () => void unsubscribe(auditChannel, published)
}

/** Whether a message of the channel is an event. Node does not know what is published where. */
export function isAuditEvent(message: unknown): message is AuditEvent {
  return typeof message === 'object' && message !== null && 'name' in message && 'outcome' in message
}
