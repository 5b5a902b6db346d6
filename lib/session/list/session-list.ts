import type { Runtime } from '../../base/runtime.js'
import { storeName } from '../../base/store/store-name.js'
import type { SharedStore } from '../../options/common/stores.js'
import { createNamedSeals, type Seal } from '../../seal/seal.js'
import { clocksOf, isAlive, type SessionLimits } from '../lifetime.js'
import type { SessionRecord } from '../record.js'
import { isEndedBy, namesOf } from '../revocation/revocations.js'
import type { SharedRevocations } from '../revocation/shared-revocations.js'
import { storeOutage } from '../../base/store/outage.js'
import { fromPayload, type ListEntry, namesIn, type Person, toPayload } from './entry.js'
import { randomSlot, slotCount, slotFor } from './slots.js'

/** Where lists are stored, and what sessions end by. */
export interface SessionListSettings {
  readonly sharedStore: SharedStore
  readonly revocations: SharedRevocations
  readonly secrets: readonly string[]
  /** Distinguishes this application from others in the same store. */
  readonly audience: readonly string[]
  readonly limits: SessionLimits
  readonly runtime: Runtime
}

/** A list as it is stored: sealed, and what could be read of it. */
interface Slots {
  readonly texts: readonly (string | undefined)[]
  readonly entries: readonly (ListEntry | undefined)[]
}

interface TakenSlot {
  readonly slot: number
  readonly entry: ListEntry
  readonly text: string
}

const maxAttempts = 10

/**
 * Lists the sessions of each person in a shared store. A list has a fixed number of slots, each a sealed value of its own that
 * expires with its session: so a login takes one write, and logins at the same moment do not wait for each other. In a full
 * list, a login takes the slot of the session that was renewed longest ago. That session goes on, but is no longer listed.
 */
export class SessionList {
  readonly #settings: SessionListSettings
  // The key depends on the slot, so write access to the store is not enough to move an entry to another person's list.
  readonly #seals: (name: string) => Seal

  constructor(settings: SessionListSettings) {
    const { secrets, audience, runtime } = settings
    this.#settings = settings
    this.#seals = createNamedSeals(secrets, ['listed session', ...audience], runtime)
  }

  /**
   * Lists a session that begins.
   *
   * @returns the record with its slot
   * @throws {SessionError} `session_store_unavailable`: it is not listed, so it must not begin
   */
  async enter(record: SessionRecord, person: Person, userAgent: string | undefined): Promise<SessionRecord> {
    const entry = this.#entryOf(record, userAgent)
    const first = randomSlot(this.#settings.runtime)
    if (await this.#take(person, first, undefined, entry)) return { ...record, slot: first }
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const { texts, entries } = await this.#slotsOf(person)
      const slot = slotFor(entries, texts, attempt, this.#settings.runtime)
      if (await this.#take(person, slot, texts[slot], entry)) return { ...record, slot }
    }
    throw storeOutage('too many logins of one person came at once: this one was not listed')
  }

  /** Notes that a listed session was renewed, and by which browser. Does nothing for one that has lost its slot. */
  async renew(record: SessionRecord, person: Person, userAgent: string | undefined): Promise<void> {
    if (record.slot === undefined) return
    const entry = this.#entryOf(record, userAgent)
    const text = await this.#textIn(person, record.slot)
    if (text === undefined || this.#isOf(record, person, text)) await this.#take(person, record.slot, text, entry)
  }

  /** Removes a session that has ended. */
  async leave(record: SessionRecord, person: Person): Promise<void> {
    if (record.slot === undefined) return
    const text = await this.#textIn(person, record.slot)
    if (text === undefined || !this.#isOf(record, person, text)) return
    await this.#settings.sharedStore.remove(this.#nameOf(person, record.slot), text)
  }

  /**
   * The sessions of a person that have not ended, the one that was renewed last first.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  async sessionsOf(person: Person): Promise<readonly ListEntry[]> {
    const slots = await this.#aliveOf(person)
    return slots.map(({ entry }) => entry).sort((a, b) => b.touchedAt - a.touchedAt || b.createdAt - a.createdAt)
  }

  /**
   * Ends a listed session of a person.
   *
   * @returns whether the person has this session
   * @throws {SessionError} `session_store_unavailable`: it may go on
   */
  async end(person: Person, id: string): Promise<boolean> {
    const { revocations, runtime, sharedStore } = this.#settings
    const found = (await this.#aliveOf(person)).find(({ entry }) => entry.hash === id)
    if (found === undefined) return false
    await revocations.revoke({ hash: id }, Math.max(runtime.now(), Math.round(found.entry.createdAt * 1000)))
    // It has ended, whether or not its slot gets free.
    await sharedStore.remove(this.#nameOf(person, found.slot), found.text).catch(() => undefined)
    return true
  }

  /** The name of a session in its list. */
  idOf(record: SessionRecord): string {
    return this.#settings.revocations.hashOf(namesOf(record))
  }

  #entryOf(record: SessionRecord, userAgent: string | undefined): ListEntry {
    const { createdAt, touchedAt } = record
    const { sid } = namesOf(record)
    return {
      hash: this.idOf(record),
      createdAt,
      touchedAt,
      ...(sid === undefined ? {} : { sid }),
      ...(userAgent === undefined ? {} : { userAgent }),
    }
  }

  /** Writes an entry, if its slot still holds what was read there. */
  #take(person: Person, slot: number, before: string | undefined, entry: ListEntry): Promise<boolean> {
    const { sharedStore, limits, runtime } = this.#settings
    const name = this.#nameOf(person, slot)
    const { idleExpiresAt } = clocksOf(entry, limits)
    const text = this.#seals(name).seal(toPayload(entry, idleExpiresAt))
    const milliseconds = Math.max(1, Math.ceil(idleExpiresAt * 1000 - runtime.now()))
    return before === undefined
      ? sharedStore.add(name, text, milliseconds)
      : sharedStore.replace(name, before, text, milliseconds)
  }

  async #textIn(person: Person, slot: number): Promise<string | undefined> {
    const [text] = await this.#settings.sharedStore.get([this.#nameOf(person, slot)])
    return text
  }

  async #aliveOf(person: Person): Promise<readonly TakenSlot[]> {
    const { runtime, limits, revocations } = this.#settings
    const { texts, entries } = await this.#slotsOf(person)
    const alive = entries.flatMap((entry, slot) => {
      const text = texts[slot]
      const isAliveHere = entry !== undefined && isAlive(entry, limits, runtime.now() / 1000)
      return isAliveHere && text !== undefined ? [{ entry, slot, text }] : []
    })
    if (alive.length === 0) return alive
    const ends = await revocations.latestOfListed(alive.map(({ entry }) => namesIn(entry, person)))
    return alive.filter(({ entry }, index) => !isEndedBy(ends[index] ?? 0, entry, runtime.now()))
  }

  async #slotsOf(person: Person): Promise<Slots> {
    const names = Array.from({ length: slotCount }, (_, slot) => this.#nameOf(person, slot))
    const texts = await this.#settings.sharedStore.get(names)
    const entries = texts.map((text, slot) => (text === undefined ? undefined : this.#open(names[slot] ?? '', text)))
    return { texts, entries }
  }

  #isOf(record: SessionRecord, person: Person, text: string): boolean {
    return this.#open(this.#nameOf(person, record.slot ?? 0), text)?.hash === this.idOf(record)
  }

  #open(name: string, text: string): ListEntry | undefined {
    const opened = this.#seals(name).open(text)
    return opened === undefined || opened.expired ? undefined : fromPayload(opened.payload)
  }

  #nameOf({ subject, issuer, provider }: Person, slot: number): string {
    return storeName('listed', [this.#settings.audience, provider ?? null, issuer, subject, slot])
  }
}
