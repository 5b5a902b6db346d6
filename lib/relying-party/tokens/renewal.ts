import { outage } from '../../base/outage.js'
import { setTimeout as pause } from 'node:timers/promises'
import { SessionError } from '../../errors.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import type { SharedStore } from '../../options/common/stores.js'
import { traced, type TraceNotes } from '../../base/diagnostics.js'
import { withDeadline } from '../../base/timers/deadline.js'
import { clocksOf, sessionEnded } from '../../session/lifetime.js'
import type { SessionRecord } from '../../session/record.js'
import { type AccessTarget, type HeldToken, heldToken } from './access-target.js'
import type { RelyingPartyWith } from '../relying-party.js'
import { isNews, type LastLook, type RefreshOutcome, renewedRecord } from './refreshes.js'
import { auditEnd, auditRefusal } from './refresh-audit.js'
import { type RevocationParts, revokeTokens } from './revocation.js'

/** The parts of a relying party that renew tokens. */
export type RenewalParts = RevocationParts & RelyingPartyWith<'grants' | 'refreshes'>

/** The parts of a request's session that a refresh needs. */
export interface RefreshableSession {
  /** A store that comes with the session. */
  readonly sharedStore?: SharedStore | undefined
  current(): SessionRecord | undefined
  /** @throws {SessionError} `session_too_large`, `session_missing`, `session_store_unavailable` */
  store(record: SessionRecord): MaybePromise<void>
  clear(): MaybePromise<void>
  /**
   * Reads the session again: other requests may have changed or ended it.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  reload(): MaybePromise<SessionRecord | undefined>
  /** Whether the response can still carry the session to the browser. */
  canStore(): boolean
}

/** A request for an access token. */
export interface TokenCall {
  readonly rp: RenewalParts
  readonly session: RefreshableSession
  readonly target: AccessTarget
  /** Minimum lifetime in seconds, if requested. */
  readonly minTtl?: number
}

const maxSaves = 3
const savePauseMilliseconds = 100

/**
 * Renews the access token for a target. While other requests use the refresh token for theirs, it waits, and continues
 * with the successor.
 *
 * @returns the new access token, or `undefined` if the provider renewed the login without giving one
 */
export async function renew(
  call: TokenCall,
  begun: SessionRecord,
  held: HeldToken | undefined,
): Promise<string | undefined> {
  const { configuration } = call.rp
  const { httpTimeoutSeconds: seconds } = configuration
  const renewing = traced('refresh', configuration, (notes) => renewInTurn({ ...call, notes }, begun, held))
  const message = `the provider has not renewed the tokens within ${seconds} seconds: the request goes on, try again shortly`
  // A rotating token may have been used by then, so the request goes on, and the next caller gets its result.
  return withDeadline(renewing, seconds * 1000, () => outage('provider_timeout', message, 1))
}

type Renewal = TokenCall & { readonly notes: TraceNotes | undefined }

async function renewInTurn(
  call: Renewal,
  begun: SessionRecord,
  held: HeldToken | undefined,
): Promise<string | undefined> {
  const { rp, session, target } = call
  for (let record = begun; ;) {
    const { refreshToken } = record.tokens
    if (refreshToken === undefined) throw sessionEnded()
    await requireOpen(call, record)
    const outcome = await refreshOnce(call, record, refreshToken)
    if (outcome === undefined) continue
    record = await applyOutcome(call, record, outcome)
    await storeRenewed(rp, session, record)
    noteLifetime(call, record)
    const obtained = outcome.kind === 'renewed' ? outcome.obtained : undefined
    if (obtained?.target === target.name) return obtained.accessToken
    const token = heldToken(record.tokens, target)
    if (token !== undefined && token.accessToken !== held?.accessToken) return token.accessToken
  }
}

/** Applies an outcome to the session. Only tokens are replaced, since the application may have changed its data meanwhile. */
async function applyOutcome(
  { rp, session, notes }: Renewal,
  record: SessionRecord,
  outcome: RefreshOutcome,
): Promise<SessionRecord> {
  const current = session.current()
  if (current?.id !== record.id) {
    if (outcome.kind === 'renewed') await revokeTokens(rp, outcome.tokens)
    throw sessionEnded()
  }
  if (outcome.kind === 'ended') {
    await session.clear()
    throw outcome.error
  }
  if (notes !== undefined && outcome.idTokenFlaw !== undefined) notes.idTokenFlaw = outcome.idTokenFlaw
  return rp.refreshes.latest(renewedRecord(current, outcome))
}

function noteLifetime({ rp, target, minTtl = 0, notes }: Renewal, { tokens }: SessionRecord): void {
  const { expiresAt = Infinity } = heldToken(tokens, target) ?? {}
  if (notes !== undefined && expiresAt - rp.runtime.now() / 1000 < minTtl) notes.isShortLived = true
}

/**
 * Returns the outcome; `undefined` if this call had joined another request's refresh, and that request ended before the
 * token was sent.
 */
async function refreshOnce(
  call: TokenCall,
  record: SessionRecord,
  refreshToken: string,
): Promise<RefreshOutcome | undefined> {
  const attempt = { refreshToken, target: call.target.name, sharedStore: call.session.sharedStore }
  try {
    return await call.rp.refreshes.refreshOnce(record, attempt, (lastLook) =>
      useRefreshToken(call, record, { refreshToken, lastLook }),
    )
  } catch (error) {
    // The error of another request, whose refresh this one had joined.
    const isOfAnother = error instanceof SessionError && error.code === 'headers_already_sent'
    if (isOfAnother && call.session.canStore()) return undefined
    throw error
  }
}

/**
 * Uses a refresh token, unless the stored session has a newer one. That is checked before, and again if the provider
 * rejects the token.
 */
async function useRefreshToken(
  { rp, session, target }: TokenCall,
  record: SessionRecord,
  { refreshToken, lastLook }: { readonly refreshToken: string; readonly lastLook: LastLook },
): Promise<RefreshOutcome> {
  const before = successorIn(await session.reload(), record)
  if (before !== undefined) return before
  const look: LastLook = async () => {
    const found = await lastLook()
    if (found === undefined && !session.canStore()) throw tooLate()
    return found
  }
  const outcome = await rp.grants.refresh(record, refreshToken, { target, lastLook: look })
  if (outcome.kind === 'renewed') return outcome
  const successor = successorIn(await session.reload(), record)
  if (successor !== undefined) return successor
  auditRefusal(rp, record, outcome.error)
  return outcome
}

function successorIn(stored: SessionRecord | undefined, record: SessionRecord): RefreshOutcome | undefined {
  if (stored?.id !== record.id) throw sessionEnded()
  if (stored.tokens.refreshToken === record.tokens.refreshToken) return undefined
  const outcome = { kind: 'renewed', tokens: stored.tokens, idToken: stored.idToken } as const
  return isNews(outcome, record.tokens) ? outcome : undefined
}

// Retries, since the refresh token has been used and its successor must not be lost.
async function storeRenewed(rp: RevocationParts, session: RefreshableSession, renewed: SessionRecord): Promise<void> {
  const { tokens, idToken } = renewed
  for (let attempt = 1; ; attempt += 1) {
    try {
      // The application may have changed its data, or ended the session, since the last attempt.
      const current = session.current()
      if (current?.id !== renewed.id) throw sessionEnded()
      await session.store(renewedRecord(current, { kind: 'renewed', tokens, idToken }))
      return
    } catch (error) {
      // A concurrent logout has revoked the old tokens; the new ones must not outlive the session either.
      if (error instanceof SessionError && error.code === 'session_missing') await revokeTokens(rp, renewed.tokens)
      const isUnavailable = error instanceof SessionError && error.code === 'session_store_unavailable'
      if (!isUnavailable || attempt === maxSaves) throw error
    }
    await pause(attempt * savePauseMilliseconds)
  }
}

// Checked before the refresh token is used, since its successor would be lost.
async function requireOpen({ rp, session }: TokenCall, record: SessionRecord): Promise<void> {
  if (rp.runtime.now() / 1000 >= clocksOf(record, rp.configuration.session).absoluteExpiresAt) {
    await session.clear()
    auditEnd(rp, record, 'absolute')
    throw new SessionError('session_expired', 'the session has reached its end: sign in again')
  }
  if (!session.canStore()) throw tooLate()
}

function tooLate(): SessionError {
  const why = "the token had to be renewed after the response's headers were written or its connection was closed"
  return new SessionError('headers_already_sent', `${why}: call accessToken() or refresh() earlier`)
}
