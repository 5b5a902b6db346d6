/*
 * The audit stream: what has happened that is of interest to security, as one channel of `node:diagnostics_channel`, apart
 * from the tracing channels, which hold no personal data. The names and members of events are in event.ts. A new name goes
 * there, into `outcomes` below, into the mappings of lib/telemetry, and into docs/audit.md: types and a test ask for each.
 *
 * Emit an event where the decision is made, with `audit(() => ({ name: ..., ... }))`. Without subscribers that is one check.
 * Requests are known from `withAuditedRequest()`, which oidc() and bearer() call, so no emitter has to hand them on.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import { isOidcError } from '../error-cause.js'
import { omitUndefined } from '../json.js'
import { systemRuntime } from '../runtime.js'
import type { AuditEvent, AuditEventName, AuditFacts, AuditReason, AuditSubject } from './event.js'
import { originOf } from './origin.js'

/** The name of the channel. */
export const auditChannel = 'express-oidc:audit'

const events = channel(auditChannel)
const requests = new AsyncLocalStorage<object>()

const outcomes: Readonly<Record<AuditEventName, AuditEvent['outcome']>> = {
  login_succeeded: 'success',
  login_failed: 'failure',
  step_up_requested: 'unknown',
  step_up_succeeded: 'success',
  refresh_failed: 'failure',
  logout: 'success',
  logout_refused: 'failure',
  session_migrated: 'success',
  session_ended: 'success',
  signal_received: 'success',
  signal_refused: 'failure',
  device_bound: 'success',
  device_refused: 'failure',
  token_refused: 'failure',
  access_denied: 'failure',
  cross_site_refused: 'failure',
}

/** An event as emitters know it. */
export type AuditEntry = AuditFacts & {
  /** The relying party's configuration, or that of an API; issuer, client ID and provider are picked from it. */
  readonly of?: Pick<AuditSubject, 'issuer' | 'clientId' | 'provider'> | undefined
  /** `sub` of the person. */
  readonly subject?: string | undefined
  /** ID of the session. Only its hash is published. */
  readonly sessionId?: string | undefined
  /** The request, where `withAuditedRequest()` is not around. */
  readonly req?: object | undefined
}

/** Whether anybody listens. */
export function isAudited(): boolean {
  return events.hasSubscribers
}

/** Publishes an event, if anybody listens. */
export function audit(entry: () => AuditEntry): void {
  if (events.hasSubscribers) events.publish(eventOf(entry()))
}

/** Runs a request's handler. Its audit events then refer to the request. */
export function withAuditedRequest<T>(req: object, work: () => T): T {
  return events.hasSubscribers ? requests.run(req, work) : work()
}

/** The reason for an error. */
export function auditReason(error: unknown): AuditReason {
  return isOidcError(error) ? error.code : 'unexpected_error'
}

function eventOf({ of, subject, sessionId, req = requests.getStore(), ...facts }: AuditEntry): AuditEvent {
  const { issuer, clientId, provider } = of ?? {}
  const session = sessionId === undefined ? undefined : hashOf(sessionId)
  return Object.freeze({
    time: new Date(systemRuntime.now()).toISOString(),
    outcome: outcomes[facts.name],
    ...facts,
    ...omitUndefined({ issuer, clientId, provider, subject, session }),
    ...(req === undefined ? {} : originOf(req)),
  })
}

// IDs are 256 random bits, so that nobody finds one by trying. The prefix keeps the hash apart from other uses of the ID.
function hashOf(sessionId: string): string {
  return createHash('sha256').update(`express-oidc audit ${sessionId}`).digest('base64url')
}
