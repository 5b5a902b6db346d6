import type { MaybePromise } from '../../base/maybe-promise.js'
import type { SharedMemory } from '../../options/shared/stores.js'
import type { SessionRecord } from '../../session/record.js'

/** The session of one request, and what its response will do to the cookies. */
export interface SessionBinding {
  /** What processes share that read this session. */
  readonly memory?: SharedMemory | undefined
  current(): SessionRecord | undefined
  /** @throws {SessionError} `session_too_large`, `session_missing`, `session_store_unavailable` */
  store(record: SessionRecord): MaybePromise<void>
  /** @throws {SessionError} `session_store_unavailable`: the session goes on */
  clear(): MaybePromise<void>
  /** Sessions beside the current one that cookies of the same name led to: signed out with it. */
  others(): readonly SessionRecord[]
  /** The session as it is kept by now. */
  reload(): MaybePromise<SessionRecord | undefined>
  /** Keeps the response out of caches, the one for Back among them, unless the application says otherwise of it. */
  keepPrivate(): void
  /** Whether the response can still carry the session to the browser. */
  canStore(): boolean
}
