import { createHash } from 'node:crypto'
import { createStoreKeeper, type StoreKeeperSettings } from '../../../lib/session/storage/stateful.js'
import type { SessionKeeper } from '../../../lib/session/storage/storage.js'
import { SharedWatermark } from '../../../lib/session/revocation/shared-revocations.js'
import { limits, settings, type Watch } from '../../session/example.js'
import type { FakeMemory } from './memory.js'

/** Issuer and client of the examples. */
export const audience = ['https://op.example.com', 'web']

/** The watermark of one process on shared memory. */
export function watermarkOn(memory: FakeMemory, platform: Watch, of: readonly string[] = audience): SharedWatermark {
  return new SharedWatermark({ memory, platform, absoluteSeconds: limits.absoluteSeconds, audience: of })
}

/** The keeper of one process on shared memory. */
export function keeperOn(
  memory: FakeMemory,
  platform: Watch,
  changes: Partial<StoreKeeperSettings> = {},
): SessionKeeper {
  const { audience: of = audience } = changes
  return createStoreKeeper({ ...settings(platform), memory, watermark: watermarkOn(memory, platform, of), ...changes })
}

/** The name under which a session of the examples is stored. */
export function storeName(id: string): string {
  const hash = createHash('sha256').update(JSON.stringify([audience, id]))
  return `session:${hash.digest('base64url')}`
}

/** A promise, and what settles it: to hold a call back. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}
