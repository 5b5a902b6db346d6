import type { Runtime } from '../../../base/runtime.js'
import type { Refreshes } from '../../../relying-party/tokens/refreshes.js'
import type { SessionLimits } from '../../../session/lifetime.js'
import type { SessionRecord } from '../../../session/record.js'
import type { SessionRevocations } from '../../../session/revocation/revocations.js'
import type { NodeRequest, NodeResponse } from '../../types.js'
import type { RequestSessions } from './application-session.js'
import type { RequestSeal } from './request-seal.js'
import type { RequestStores } from './request-store.js'

/** What logins in the application's own session are sealed with, and how long they live. */
export interface RequestStorageSettings {
  readonly secrets: readonly string[]
  readonly audience: readonly string[]
  readonly limits: SessionLimits
  readonly revocations: SessionRevocations
  readonly refreshes: Pick<Refreshes, 'loadSuccessors' | 'latest'>
  readonly runtime: Runtime
  /** How long the store of the application's session may take. */
  readonly timeoutSeconds: number
  /** Told of logins in sessions that no other process reads. */
  readonly unshared: (record: SessionRecord) => void
}

/** One request, and what its session is read with. */
export interface RequestReading {
  readonly seal: RequestSeal
  readonly sessions: RequestSessions
  readonly stores: RequestStores
  readonly req: NodeRequest
  readonly res: NodeResponse | undefined
  /** `OPTIONS *` has none, and express-session reads no session for it. */
  readonly hasPath: boolean
}
