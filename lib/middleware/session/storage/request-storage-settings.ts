import type { HttpRequest } from '../../../http/request.js'
import type { Runtime } from '../../../base/runtime.js'
import type { SharedStore } from '../../../options/common/stores.js'
import type { Devices } from '../../../relying-party/device-bound/devices.js'
import type { Refreshes } from '../../../relying-party/tokens/refreshes.js'
import type { SessionLimits } from '../../../session/lifetime.js'
import type { SessionRecord } from '../../../session/record.js'
import type { LeftOutTokens } from '../../../session/storage/left-out-tokens.js'
import type { Remark } from '../../../session/storage/several.js'
import type { SessionRevocations } from '../../../session/revocation/revocations.js'
import type { ListedSessions } from '../list/listed-sessions.js'
import type { UseRule } from './use-rule.js'
import type { NodeRequest, NodeResponse } from '../../types.js'
import type { RequestSessions } from './application-session.js'
import type { RequestSeal } from './request-seal.js'
import type { RequestStores } from './request-store.js'

/** What counts as use of a session, and what is to know of it. */
export interface SessionUses {
  readonly countsAsUse: UseRule
  /** The lists of sessions; absent without a shared store. */
  readonly listed?: Pick<ListedSessions, 'renew'> | undefined
  /** Binds sessions to devices, if the options want that. */
  readonly devices?: Pick<Devices, 'guard'> | undefined
}

/** How logins in the application's own session are encrypted, and how long they live. */
export interface RequestStorageSettings extends SessionUses {
  readonly secrets: readonly string[]
  readonly audience: readonly string[]
  readonly limits: SessionLimits
  readonly revocations: SessionRevocations
  readonly refreshes: Pick<Refreshes, 'loadSuccessors' | 'latest'>
  readonly runtime: Runtime
  readonly remark: Remark
  /** For access tokens that a cookie has no room for. */
  readonly sharedStore?: SharedStore | undefined
  /** Deadline of each call to the store of the application's session. */
  readonly timeoutSeconds: number
  /** Called with logins in sessions that no other process reads. */
  readonly unshared: (record: SessionRecord) => void
}

/** One request, and the parts that read its session. */
export interface RequestReading {
  readonly seal: RequestSeal
  readonly sessions: RequestSessions
  readonly stores: RequestStores
  readonly leftOut: LeftOutTokens
  readonly req: NodeRequest
  readonly res: NodeResponse | undefined
  readonly httpRequest: HttpRequest
}
