import type { Runtime } from '../../base/runtime.js'
import type { SharedStore } from '../../options/common/stores.js'
import { storeOutage } from '../shared/outage.js'
import { storeName } from '../shared/store-name.js'
import {
  keysOf,
  type LogoutListener,
  type LogoutTarget,
  ProcessRevocations,
  type SessionNames,
  targetKey,
  type SessionRevocations,
} from './revocations.js'

/** Where logouts are stored, and for how long. */
interface SharedRevocationsSettings {
  readonly sharedStore: SharedStore
  readonly runtime: Runtime
  /** The maximum lifetime of a session. */
  readonly absoluteSeconds: number
  /** Distinguishes this application from others in the same store: issuer and client. */
  readonly audience: readonly string[]
}

const maxAttempts = 10
/** A margin for differing clocks of processes. */
const marginMilliseconds = 60_000

/**
 * Shares logouts between all processes of an application. Reading them takes one round trip per request, at the same
 * time as that of the session.
 */
export class SharedRevocations implements SessionRevocations {
  readonly #settings: SharedRevocationsSettings
  /** Notifies listeners in this process; other processes poll. */
  readonly #local: ProcessRevocations

  constructor(settings: SharedRevocationsSettings) {
    this.#settings = settings
    this.#local = new ProcessRevocations(settings.runtime, settings.absoluteSeconds)
  }

  async revoke(target: LogoutTarget, at: number): Promise<void> {
    const name = this.#name(targetKey(target))
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      if (!(await this.#store(name, at))) continue
      this.#local.revoke(target, at)
      return
    }
    throw storeOutage('too many logouts of the same sessions came at once: this one was not stored')
  }

  async latest(names: () => SessionNames): Promise<number> {
    const times = await this.#settings.sharedStore.get(keysOf(names()).map((key) => this.#name(key)))
    return Math.max(0, ...times.map((stored) => (stored === undefined ? 0 : requireTime(stored))))
  }

  onRevoke(listener: LogoutListener): () => void {
    return this.#local.onRevoke(listener)
  }

  // The time never decreases: a delayed message about an earlier logout must not undo a later one.
  async #store(name: string, at: number): Promise<boolean> {
    const { sharedStore, absoluteSeconds, runtime } = this.#settings
    const milliseconds = Math.ceil(absoluteSeconds * 1000) + marginMilliseconds
    const [before] = await sharedStore.get([name])
    if (before === undefined) return sharedStore.add(name, String(at), milliseconds)
    const last = timeOf(before)
    if (last !== undefined && last >= at) return true
    // An unreadable value may have been any logout until now.
    const next = last === undefined ? Math.max(at, runtime.now()) : at
    return sharedStore.replace(name, before, String(next), milliseconds)
  }

  #name(key: string): string {
    return storeName('end', [this.#settings.audience, key])
  }
}

// An unreadable value may have been a logout, so whether the session has ended is unknown.
function requireTime(stored: string): number {
  const time = timeOf(stored)
  if (time === undefined) throw storeOutage('the shared store holds a logout without its time')
  return time
}

function timeOf(stored: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(stored) ? Number(stored) : undefined
}
