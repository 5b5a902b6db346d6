import { hash } from 'node:crypto'
import { SessionError } from '../errors.js'
import { type CookieAttributes, prefixedName, removeCookie, setCookie } from '../http/cookies.js'
import type { Platform } from '../options/platform.js'
import type { SharedMemory } from '../options/shared-memory.js'
import { createNamedSeals, createSeal, type Seal } from '../seal/seal.js'
import { chunkNames, type Cookies, fromChunks } from './chunks.js'
import { clocksOf, isAlive, type SessionLimits } from './clocks.js'
import type { SessionCookieSettings } from './cookie-keeper.js'
import { type KeptSession, type SessionKeeper, unreadable } from './keeper.js'
import { mergeRecords } from './merge.js'
import { fromPayload, type SessionRecord, toPayload } from './record.js'
import { storeOutage } from './store-outage.js'
import { endById, hasJustEnded, isEndedBy, namesOf, type SessionNames, type Watermark } from './watermark.js'

/** Where sessions are stored, and how the cookie looks that leads there. */
export interface StoreKeeperSettings extends SessionCookieSettings {
  readonly secrets: readonly string[]
  readonly memory: SharedMemory
  readonly watermark: Watermark
  readonly limits: SessionLimits
  /** What sessions are bound to beside the cookie's name: issuer and client. */
  readonly audience: readonly string[]
  readonly platform: Platform
}

const mostAttempts = 5
const ticketVersion = 1

/**
 * Keeps sessions in a store. The cookie holds a sealed random id and what logouts may call the session by, so that the
 * session and the marks that may have ended it are read in one round trip. The store knows the id's hash only, and what
 * lies there is sealed with a key that the id is part of.
 */
export function createStoreKeeper(settings: StoreKeeperSettings): SessionKeeper {
  return new StoreKeeper(settings)
}

class StoreKeeper implements SessionKeeper {
  readonly #settings: StoreKeeperSettings
  readonly #name: string
  readonly #attributes: CookieAttributes
  readonly #sentChunks: (cookies: Cookies) => readonly string[]
  readonly #tickets: Seal
  // Whoever has the store and the secret still lacks the ids, which only browsers hold.
  readonly #seals: (id: string) => Seal

  constructor(settings: StoreKeeperSettings) {
    const { secure, sameSite, domain, secrets, audience, platform } = settings
    this.#settings = settings
    this.#name = prefixedName(settings.name, secure, domain)
    this.#sentChunks = chunkNames(this.#name)
    this.#attributes = { secure, sameSite, ...(domain === undefined ? {} : { domain }) }
    this.#seals = createNamedSeals(secrets, ['stored session', ...audience], platform)
    this.#tickets = createSeal(secrets, ['session ticket', this.#name, ...audience], platform)
  }

  read(cookies: Cookies): ReturnType<SessionKeeper['read']> {
    const sealed = fromChunks(this.#name, cookies)
    const opened = sealed === undefined ? undefined : this.#tickets.open(sealed)
    if (opened === undefined || opened.expired) return undefined
    const names = readTicket(opened.payload)
    return names === undefined ? unreadable : this.#find(names, opened.outdatedKey)
  }

  async find(record: SessionRecord): Promise<SessionRecord | undefined> {
    const found = await this.#find(namesOf(record), false)
    return found === undefined || found === unreadable ? undefined : found.record
  }

  async save(record: SessionRecord, base: SessionRecord | undefined): Promise<SessionRecord> {
    const { memory } = this.#settings
    const name = this.#storeName(record.id)
    if (base === undefined) {
      await memory.set(name, this.#sealed(record), this.#millisecondsLeft(record))
      return record
    }
    for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
      const [text] = await memory.get([name])
      const stored = text === undefined ? undefined : this.#opened(text, record.id)?.record
      if (text === undefined || stored === undefined) throw ended()
      const next = mergeRecords(base, record, stored)
      if (await memory.replace(name, text, this.#sealed(next), this.#millisecondsLeft(next))) return next
    }
    throw storeOutage('too many requests have changed the session at once: this change was not stored')
  }

  touch(record: SessionRecord, base: SessionRecord): void {
    this.save(record, base).catch(() => undefined)
  }

  // The mark outlives whatever a slow request may still write.
  async end(record: SessionRecord): Promise<void> {
    const { memory, watermark, platform } = this.#settings
    // Both are waited for: what failed at once must not be followed by what works after all.
    const steps = await Promise.allSettled([
      endById(watermark, platform, record),
      memory.remove(this.#storeName(record.id)),
    ])
    for (const step of steps) if (step.status === 'rejected') throw step.reason
  }

  write(record: SessionRecord, cookies: Cookies): readonly string[] {
    const { limits, transient, platform } = this.#settings
    const { idleExpiresAt } = clocksOf(record, limits)
    const { id, subject, sid } = namesOf(record)
    const ticket = { v: ticketVersion, exp: idleExpiresAt, id, sub: subject, ...(sid === undefined ? {} : { sid }) }
    const maxAge = transient ? undefined : idleExpiresAt - Math.floor(platform.now() / 1000)
    const stale = this.#sentChunks(cookies).filter((name) => name !== this.#name)
    const kept = setCookie(this.#name, this.#tickets.seal(ticket), this.#attributes, maxAge)
    return [kept, ...stale.map((name) => removeCookie(name, this.#attributes))]
  }

  clear(cookies: Cookies): readonly string[] {
    return this.#sentChunks(cookies).map((name) => removeCookie(name, this.#attributes))
  }

  async #find(names: SessionNames, isOldTicket: boolean): Promise<KeptSession | typeof unreadable | undefined> {
    const { memory, watermark, limits, platform } = this.#settings
    const [[text], mark] = await Promise.all([memory.get([this.#storeName(names.id)]), watermark.latest(() => names)])
    const nothing = hasJustEnded(mark, platform.now()) ? unreadable : undefined
    if (text === undefined) return nothing
    const found = this.#opened(text, names.id)
    if (found === undefined) return unreadable
    const { record, outdatedKey } = found
    if (isEndedBy(mark, record)) return nothing
    if (!isAlive(record, limits, platform.now() / 1000)) return undefined
    return { record, outdatedKey: outdatedKey || isOldTicket }
  }

  #opened(text: string, id: string): KeptSession | undefined {
    const opened = this.#seals(id).open(text)
    const record = opened === undefined ? undefined : fromPayload(opened.payload)
    return opened === undefined || record?.id !== id ? undefined : { record, outdatedKey: opened.outdatedKey }
  }

  #sealed(record: SessionRecord): string {
    return this.#seals(record.id).seal(toPayload(record, clocksOf(record, this.#settings.limits).idleExpiresAt))
  }

  #storeName(id: string): string {
    const { audience } = this.#settings
    return `session:${hash('sha256', JSON.stringify([audience, id]), 'base64url')}`
  }

  #millisecondsLeft(record: SessionRecord): number {
    const { limits, platform } = this.#settings
    return Math.max(1, Math.ceil(clocksOf(record, limits).idleExpiresAt * 1000 - platform.now()))
  }
}

function readTicket({ v, id, sub, sid }: Readonly<Record<string, unknown>>): SessionNames | undefined {
  if (v !== ticketVersion || typeof id !== 'string' || typeof sub !== 'string') return undefined
  return { id, subject: sub, ...(typeof sid === 'string' ? { sid } : {}) }
}

function ended(): SessionError {
  return new SessionError('session_missing', 'the session has ended meanwhile')
}
