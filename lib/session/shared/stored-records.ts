import type { Runtime } from '../../base/runtime.js'
import { storeName } from '../../base/store/store-name.js'
import type { SharedStore } from '../../options/common/stores.js'
import { createNamedSeals, type Seal } from '../../seal/seal.js'
import { clocksOf, sessionEnded, type SessionLimits } from '../lifetime.js'
import { mergeRecords } from '../merge.js'
import { fromPayload, type SessionRecord, toPayload } from '../record.js'
import { type StoredSession, unreadable } from '../storage/storage.js'
import { Batches } from './batches.js'
import { storeOutage } from '../../base/store/outage.js'
import { randomPause } from './random-pause.js'

/** Where sessions are stored, what seals them, and how long they live. */
interface StoredRecordsSettings {
  readonly sharedStore: SharedStore
  readonly secrets: readonly string[]
  /** Distinguishes this application from others in the same store. */
  readonly audience: readonly string[]
  readonly limits: SessionLimits
  readonly runtime: Runtime
}

/** A change of a session, as its request has seen it. */
interface Change {
  readonly record: SessionRecord
  readonly base: SessionRecord
}

const maxAttempts = 10
const firstPause = 20
const maxPause = 160

/** Sessions in a store, which only sees a hash of the ID, and a session sealed with a key that depends on the ID. */
export class StoredRecords {
  readonly #settings: StoredRecordsSettings
  // Keys depend on the session ID, which only browsers have: store and secret together are not enough to decrypt.
  readonly #seals: (id: string) => Seal
  // Requests of one process would only get in each other's way.
  readonly #changes = new Batches<Change, SessionRecord>((id, changes) => this.#change(id, changes))

  constructor(settings: StoredRecordsSettings) {
    const { secrets, audience, runtime } = settings
    this.#settings = settings
    this.#seals = createNamedSeals(secrets, ['stored session', ...audience], runtime)
  }

  /** Reads a session; `unreadable` if another version wrote it. */
  async read(id: string): Promise<StoredSession | typeof unreadable | undefined> {
    const [text] = await this.#settings.sharedStore.get([this.#nameOf(id)])
    return text === undefined ? undefined : (this.#open(text, id) ?? unreadable)
  }

  /** Stores a session that begins. */
  add(record: SessionRecord): Promise<void> {
    return this.#settings.sharedStore.set(this.#nameOf(record.id), this.#seal(record), this.#millisecondsLeft(record))
  }

  /**
   * Stores the changes that a request has made to a session, and keeps those of others.
   *
   * @param base - the record before the change
   * @returns the record as stored
   * @throws {SessionError} `session_missing` if the session has ended; `session_store_unavailable`
   */
  change(record: SessionRecord, base: SessionRecord): Promise<SessionRecord> {
    return this.#changes.add(record.id, { record, base })
  }

  /** Removes a session. */
  remove(id: string): Promise<boolean> {
    return this.#settings.sharedStore.remove(this.#nameOf(id))
  }

  async #change(id: string, changes: readonly Change[]): Promise<SessionRecord> {
    const { sharedStore, runtime } = this.#settings
    const name = this.#nameOf(id)
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      // By the second try, another process has just finished.
      if (attempt > 1) await randomPause(runtime, 0, Math.min(firstPause * 2 ** (attempt - 2), maxPause))
      const [text] = await sharedStore.get([name])
      const stored = text === undefined ? undefined : this.#open(text, id)
      if (text === undefined || stored === undefined) throw sessionEnded()
      const next = changes.reduce((merged, { base, record }) => mergeRecords(base, record, merged), stored.record)
      // Requests that waited for the same refresh need not write it again.
      if (next === stored.record && !stored.outdatedKey) return next
      if (await sharedStore.replace(name, text, this.#seal(next), this.#millisecondsLeft(next))) return next
    }
    throw storeOutage('too many requests have changed the session at once: this change was not stored')
  }

  #open(text: string, id: string): StoredSession | undefined {
    const opened = this.#seals(id).open(text)
    const record = opened === undefined ? undefined : fromPayload(opened.payload)
    return opened === undefined || record?.id !== id ? undefined : { record, outdatedKey: opened.outdatedKey }
  }

  #seal(record: SessionRecord): string {
    return this.#seals(record.id).seal(toPayload(record, clocksOf(record, this.#settings.limits).idleExpiresAt))
  }

  #nameOf(id: string): string {
    return storeName('session', [this.#settings.audience, id])
  }

  #millisecondsLeft(record: SessionRecord): number {
    const { limits, runtime } = this.#settings
    return Math.max(1, Math.ceil(clocksOf(record, limits).idleExpiresAt * 1000 - runtime.now()))
  }
}
