import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { Refreshes } from '../../relying-party/tokens/refreshes.js'
import type { SessionStorage } from '../../session/storage/storage.js'
import type { SessionRecord } from '../../session/record.js'
import { mapAll } from '../../session/storage/several.js'
import type { ResponseTime } from '../http/slow-response.js'
import type { ListedSessions } from './list/listed-sessions.js'

/** What must forget a session when it ends. */
export interface SessionEndSettings {
  readonly refreshes: Refreshes
  /** Forgets cached data of a session. */
  readonly forget: (record: SessionRecord) => void
  /** Whether all processes hear of the end of a session. */
  readonly areEndsShared: boolean
  /** The lists of sessions; absent without a shared store. */
  readonly listed?: ListedSessions | undefined
}

/**
 * Ends sessions: their cookies no longer count, wherever copies of them are.
 *
 * @throws {SessionError} `session_store_unavailable`, or rejects with it: not all have ended
 */
export function endSessions(
  { refreshes, forget, listed }: SessionEndSettings,
  storage: SessionStorage,
  records: readonly SessionRecord[],
): MaybePromise<unknown> {
  return mapAll(records, (record) => {
    // At the same time, in the same round trips.
    const left = listed?.leave(record)
    return whenDone(storage.end(record), () => {
      refreshes.end(record)
      forget(record)
      return left
    })
  })
}

/**
 * Notes that another process has ended a session, if it has: no response of this process writes its cookie any more. If it would be known
 * here and goes on, a slow response has still time to renew it.
 */
export function noteEnd(
  { refreshes, areEndsShared }: Pick<SessionEndSettings, 'refreshes' | 'areEndsShared'>,
  storage: Pick<SessionStorage, 'find' | 'sharedStore'>,
  record: SessionRecord | undefined,
  time?: ResponseTime,
): MaybePromise<void> {
  if (record === undefined) return
  const goesOn = time?.ask()
  return whenDone(storage.find(record), (found) => {
    if (found === undefined) refreshes.end(record)
    else if (areEndsShared || storage.sharedStore !== undefined) goesOn?.()
  })
}
