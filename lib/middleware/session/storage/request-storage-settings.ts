import type { Platform } from '../../../base/runtime.js'
import type { Refreshes } from '../../../relying-party/tokens/refreshes.js'
import type { SessionLimits } from '../../../session/lifetime.js'
import type { SessionRecord } from '../../../session/record.js'
import type { Watermark } from '../../../session/revocation/revocations.js'

/** What logins in the application's own session are sealed with, and how long they live. */
export interface RequestKeeperSettings {
  readonly secrets: readonly string[]
  readonly audience: readonly string[]
  readonly limits: SessionLimits
  readonly watermark: Watermark
  readonly refreshes: Pick<Refreshes, 'latest' | 'learn'>
  readonly platform: Platform
  /** How long the store of the application's session may take. */
  readonly timeoutSeconds: number
  /** Told of logins in sessions that no other process reads. */
  readonly unshared: (record: SessionRecord) => void
}
