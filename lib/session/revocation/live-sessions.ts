import { SessionError } from '../../errors.js'
import type { Runtime } from '../../base/runtime.js'
import { TickingSet } from '../../base/timers/ticking-set.js'
import { isAlive, type SessionLimits } from '../lifetime.js'
import type { MaybePromise } from '../../base/maybe-promise.js'
import { type FoundSession, type SessionStorage, storedSessionIn } from '../storage/storage.js'
import type { SessionRecord } from '../record.js'
import { isEndedBy, namesOf, type SessionRevocations } from './revocations.js'

/** What decides that the session of an open connection has ended. */
interface LiveSessionsSettings {
  readonly runtime: Runtime
  readonly limits: SessionLimits
  readonly revocations: SessionRevocations
  /**
   * Whether all sessions must be polled, because they can end without a call of this process. Otherwise only those with a shared
   * store of their own are polled.
   */
  readonly isPolled: boolean
}

/** A session whose cookies count for a while only, as those of bound sessions do. */
export interface DueProof {
  /** In seconds since the epoch. */
  readonly at: number
  /** Reads the cookies again, with which the connection was opened. */
  readonly read: () => MaybePromise<FoundSession>
}

type WatchedStorage = Pick<SessionStorage, 'find' | 'sharedStore'>

interface Live {
  record: SessionRecord
  proof: DueProof | undefined
  readonly storage: WatchedStorage
  readonly isPolled: boolean
  readonly controller: AbortController
}

const ticksPerLook = 5
const maxAtOnce = 100

/**
 * Watches the sessions of open connections, such as WebSockets. A logout in this process is noticed at once, a logout
 * in another process within five seconds, and expiry within one.
 */
export class LiveSessions {
  readonly #settings: LiveSessionsSettings
  readonly #live = new TickingSet<Live>(() => this.#tick())
  #ticks = 0
  #isLooking = false

  constructor(settings: LiveSessionsSettings) {
    this.#settings = settings
    const { revocations, runtime } = settings
    revocations.onRevoke((target, at) => {
      for (const live of this.#live) {
        const isMeant = isEndedBy(at, live.record, runtime.now()) && revocations.includes(target, namesOf(live.record))
        if (isMeant) this.#end(live, sessionLoggedOut())
      }
    })
  }

  /**
   * Watches a session until `release` is called.
   *
   * @param proof - when its cookies no longer count, if they do not as long as the session
   * @returns a signal that is aborted with a {@link SessionError} once the session is over
   */
  watch(
    record: SessionRecord,
    storage: WatchedStorage,
    proof?: DueProof,
  ): { readonly signal: AbortSignal; readonly release: () => void } {
    const isPolled = this.#settings.isPolled || storage.sharedStore !== undefined
    const live: Live = { record, storage, isPolled, proof, controller: new AbortController() }
    this.#live.add(live)
    // There may have been a logout between reading the session and this call.
    void this.#look(live)
    return { signal: live.controller.signal, release: () => this.#live.delete(live) }
  }

  /** Stops watching, without aborting any signal. */
  close(): void {
    this.#live.clear()
  }

  #tick(): void {
    this.#ticks += 1
    const { runtime, limits } = this.#settings
    const isLook = !this.#isLooking && this.#ticks % ticksPerLook === 0
    const nowSeconds = runtime.now() / 1000
    const due = [...this.#live].filter(
      ({ record, isPolled }) => (isLook && isPolled) || !isAlive(record, limits, nowSeconds),
    )
    for (const live of this.#live) {
      if (live.proof !== undefined && live.proof.at <= nowSeconds) void this.#readAgain(live, live.proof)
    }
    if (isLook) this.#isLooking = true
    void this.#lookAt(due).finally(() => {
      if (isLook) this.#isLooking = false
    })
  }

  // In batches, to limit the load on the store.
  async #lookAt(due: readonly Live[]): Promise<void> {
    for (let start = 0; start < due.length; start += maxAtOnce) {
      await Promise.all(due.slice(start, start + maxAtOnce).map((live) => this.#look(live)))
    }
  }

  // With sessions on the server, other requests may have extended the idle limit.
  async #look(live: Live): Promise<void> {
    const { runtime, limits } = this.#settings
    const isExpired = (record: SessionRecord): boolean => !isAlive(record, limits, runtime.now() / 1000)
    try {
      const found = await live.storage.find(live.record)
      if (found === undefined) this.#end(live, isExpired(live.record) ? sessionExpired() : sessionLoggedOut())
      else if (isExpired(found)) this.#end(live, sessionExpired())
      else live.record = found
    } catch {
      // An outage does not end a session, but expiry does.
      if (isExpired(live.record)) this.#end(live, sessionExpired())
    }
  }

  // An outage does not end the connection of a browser that may have no key. A bound session's proof has expired: it ends.
  async #readAgain(live: Live, proof: DueProof): Promise<void> {
    if (live.record.device?.thumbprint !== undefined) {
      this.#end(live, proofExpired())
      return
    }
    live.proof = undefined
    try {
      const kept = storedSessionIn(await proof.read())
      if (kept === undefined) this.#end(live, proofExpired())
      else if (kept.countsUntil !== undefined) live.proof = { ...proof, at: kept.countsUntil }
    } catch {
      live.proof = proof
    }
  }

  #end(live: Live, reason: SessionError): void {
    if (this.#live.delete(live)) live.controller.abort(reason)
  }
}

function sessionExpired(): SessionError {
  return new SessionError('session_expired', 'the session has reached its end: sign in again')
}

function proofExpired(): SessionError {
  return new SessionError('session_expired', 'the proof of the device has expired: connect again with a new one')
}

function sessionLoggedOut(): SessionError {
  return new SessionError('session_missing', 'the session was ended by a logout')
}
