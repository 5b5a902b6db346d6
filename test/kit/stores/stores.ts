import { createHash } from 'node:crypto'
import { createStatefulStorage, type StatefulStorageSettings } from '../../../lib/session/storage/stateful.js'
import type { SessionStorage } from '../../../lib/session/storage/storage.js'
import { SharedRevocations } from '../../../lib/session/revocation/shared-revocations.js'
import { limits, settings } from '../../session/example.js'
import type { FakeStore } from './memory.js'
import type { Clock } from '../clock.js'

/** Issuer and client of the examples. */
export const audience = ['https://op.example.com', 'web']

/** The revocations of one process on a shared store. */
export function revocationsOn(
  sharedStore: FakeStore,
  runtime: Clock,
  of: readonly string[] = audience,
): SharedRevocations {
  return new SharedRevocations({ sharedStore, runtime, absoluteSeconds: limits.absoluteSeconds, audience: of })
}

/** The session storage of one process on a shared store. */
export function storageOn(
  sharedStore: FakeStore,
  runtime: Clock,
  changes: Partial<StatefulStorageSettings> = {},
): SessionStorage {
  const { audience: of = audience } = changes
  return createStatefulStorage({
    ...settings(runtime),
    sharedStore,
    revocations: revocationsOn(sharedStore, runtime, of),
    ...changes,
  })
}

/** The name under which a session of the examples is stored. */
export function storeName(id: string): string {
  const hash = createHash('sha256').update(JSON.stringify([audience, id]))
  return `session:1:${hash.digest('base64url')}`
}

/** A promise, and what settles it: to hold a call back. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}
