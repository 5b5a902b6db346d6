import type { Runtime } from '../../../base/runtime.js'
import type { Refreshes } from '../../../relying-party/tokens/refreshes.js'
import type { SessionLimits } from '../../../session/lifetime.js'
import type { SessionRecord } from '../../../session/record.js'
import type { SessionRevocations } from '../../../session/revocation/revocations.js'

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
