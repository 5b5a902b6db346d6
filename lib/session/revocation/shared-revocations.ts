import type { Runtime } from '../../base/runtime.js'
import { hashOf, nameByHash } from '../../base/store/store-name.js'
import type { SharedStore } from '../../options/common/stores.js'
import { storeOutage } from '../../base/store/outage.js'
import {
  keysOf,
  type LogoutListener,
  type LogoutTarget,
  ProcessRevocations,
  type SessionNames,
  logoutTargetKey,
  type SessionRevocations,
} from './revocations.js'

/** The names of a session in a list, where a hash stands for its ID. */
export type ListedNames = Omit<SessionNames, 'id'> & { readonly hash: string }

/** Where logouts are stored, and for how long. */
interface SharedRevocationsSettings {
  readonly sharedStore: SharedStore
  readonly runtime: Runtime
  /** The maximum lifetime of a session. */
  readonly absoluteSeconds: number
  /** Distinguishes this application from others in the same store: issuer and client. */
  readonly audience: readonly string[]
  /** Whether a logout may be that of one tenant. Where none may, none is looked for. @default true */
  readonly hasTenants?: boolean
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
    const name = 'hash' in target ? nameOf(target.hash) : this.#name(logoutTargetKey(target))
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      if (!(await this.#store(name, at))) continue
      this.#local.revoke(target, at)
      return
    }
    throw storeOutage('too many logouts of the same sessions came at once: this one was not stored')
  }

  async latest(names: () => SessionNames): Promise<number> {
    const times = await this.#times(this.#keysOf(names()).map((key) => this.#name(key)))
    return latestOf(times)
  }

  /**
   * The times of the last logouts that apply to sessions of a list, in one round trip; 0 where there was none.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  async latestOfListed(listed: readonly ListedNames[]): Promise<readonly number[]> {
    const names = listed.map(({ hash: own, ...others }) => {
      const [, ...shared] = this.#keysOf({ ...others, id: '' })
      return [nameOf(own), ...shared.map((key) => this.#name(key))]
    })
    const distinct = [...new Set(names.flat())]
    const times = await this.#times(distinct)
    const known = new Map(distinct.map((name, index) => [name, times[index] ?? 0]))
    return names.map((each) => latestOf(each.map((name) => known.get(name) ?? 0)))
  }

  /** The hash under which the end of a session is stored. It tells nothing of the session's ID. */
  hashOf({ id, provider }: Pick<SessionNames, 'id' | 'provider'>): string {
    return this.#hash(logoutTargetKey(provider === undefined ? { id } : { id, provider }))
  }

  includes(target: LogoutTarget, names: SessionNames): boolean {
    return 'hash' in target ? target.hash === this.hashOf(names) : this.#local.includes(target, names)
  }

  onRevoke(listener: LogoutListener): () => void {
    return this.#local.onRevoke(listener)
  }

  // The time never decreases: a delayed message about an earlier logout must not undo a later one.
  async #store(name: string, at: number): Promise<boolean> {
    const { sharedStore, absoluteSeconds, runtime } = this.#settings
    // From `at` on: the clock of the process that created the session may be ahead of this one's.
    const ahead = Math.max(0, at - runtime.now())
    const milliseconds = Math.ceil(ahead + absoluteSeconds * 1000) + marginMilliseconds
    const [before] = await sharedStore.get([name])
    if (before === undefined) return sharedStore.add(name, String(at), milliseconds)
    const last = timeOf(before)
    if (last !== undefined && last >= at) return true
    // An unreadable value may have been any logout until now.
    const next = last === undefined ? Math.max(at, runtime.now()) : at
    return sharedStore.replace(name, before, String(next), milliseconds)
  }

  async #times(names: readonly string[]): Promise<readonly number[]> {
    const texts = await this.#settings.sharedStore.get(names)
    return texts.map((stored) => (stored === undefined ? 0 : requireTime(stored)))
  }

  // Some ID Tokens name a tenant though the provider has one issuer only.
  #keysOf({ issuer, ...names }: SessionNames): readonly string[] {
    const isOfTenant = issuer !== undefined && this.#settings.hasTenants !== false
    return keysOf(isOfTenant ? { ...names, issuer } : names)
  }

  #name(key: string): string {
    return nameOf(this.#hash(key))
  }

  #hash(key: string): string {
    return hashOf([this.#settings.audience, key])
  }
}

function nameOf(hashed: string): string {
  return nameByHash('end', hashed)
}

function latestOf(times: readonly number[]): number {
  return Math.max(0, ...times)
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
