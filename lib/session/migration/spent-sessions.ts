import type { Runtime } from '../../base/runtime.js'
import { storeName } from '../../base/store/store-name.js'
import type { SharedStore } from '../../options/common/stores.js'
import { createNamedSeals, type Seal } from '../../seal/seal.js'
import { idTokenClaims } from '../claims.js'
import { fromPayload, type SessionRecord, toPayload } from '../record.js'
import type { OldSession } from './old-session.js'

/** Where it is remembered which old sessions were taken over. */
interface SpentSessionsSettings {
  readonly sharedStore: SharedStore
  readonly runtime: Runtime
  readonly secrets: readonly string[]
  /** Issuer and client. */
  readonly audience: readonly string[]
}

// Longer than old sessions may be taken over, even if that is prolonged once. By then, their own limits have ended them.
const spentMilliseconds = 60 * 86_400_000
// The answer with the new cookie may be lost: until that has come back once, the old one leads to the same session.
const sharedMilliseconds = 3_600_000
// After that, requests with the old one may still be under way: browsers send several at once.
const settledMilliseconds = 10_000
const noSession = '-'

/**
 * Remembers which old sessions were taken over, or ended. An old session has many cookies, one for each request of its time, and no
 * ID; so it is known by its person, who is a subject at one of the issuers if there are several tenants, and the second in which it began.
 */
export class SpentSessions {
  readonly #settings: SpentSessionsSettings
  readonly #seals: (name: string) => Seal

  constructor(settings: SpentSessionsSettings) {
    const { secrets, audience, runtime } = settings
    this.#settings = settings
    this.#seals = createNamedSeals(secrets, ['taken-over session', ...audience], runtime)
  }

  /**
   * What has become of an old session: `undefined` if nothing yet, the session that it was exchanged for if the browser may not have
   * got that yet, else `spent`.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  async find(old: OldSession): Promise<SessionRecord | 'spent' | undefined> {
    const { sharedStore } = this.#settings
    const [place] = await sharedStore.get([this.nameOf(old)])
    if (place === undefined) return undefined
    if (place === noSession) return 'spent'
    const [text] = await sharedStore.get([this.#sharedName(place)])
    const opened = text === undefined ? undefined : this.#seals(place).open(text)
    return (opened === undefined ? undefined : fromPayload(opened.payload)) ?? 'spent'
  }

  /**
   * Exchanges an old session for a new one, unless another request has done so. Other requests with the old one find the new one.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  async exchange(old: OldSession, record: SessionRecord): Promise<boolean> {
    const { sharedStore, runtime } = this.#settings
    const place = runtime.randomBytes(16).toString('base64url')
    const endsAt = Math.ceil((runtime.now() + sharedMilliseconds) / 1000)
    await sharedStore.set(
      this.#sharedName(place),
      this.#seals(place).seal(toPayload(record, endsAt)),
      sharedMilliseconds,
    )
    return sharedStore.add(this.nameOf(old), place, spentMilliseconds)
  }

  /**
   * Notes that the browser has the new session: the old one leads to it for a moment only.
   *
   * @param record - a session that an old one was exchanged for
   * @throws {SessionError} `session_store_unavailable`
   */
  async settle(record: SessionRecord): Promise<void> {
    const { sharedStore } = this.#settings
    const { iss: issuer, sub: subject } = idTokenClaims(record)
    const [place] = await sharedStore.get([this.nameOf({ issuer, subject, createdAt: record.createdAt })])
    if (place === undefined || place === noSession) return
    const name = this.#sharedName(place)
    const [text] = await sharedStore.get([name])
    if (text !== undefined) await sharedStore.replace(name, text, text, settledMilliseconds)
  }

  /**
   * Has an old session count no longer, such as at a logout.
   *
   * @returns the session that it was exchanged for before, if the browser may not have got that yet
   * @throws {SessionError} `session_store_unavailable`: it may be taken over later
   */
  async spend(old: OldSession): Promise<SessionRecord | undefined> {
    if (await this.#settings.sharedStore.add(this.nameOf(old), noSession, spentMilliseconds)) return undefined
    const known = await this.find(old)
    return known === 'spent' ? undefined : known
  }

  /** The name by which an old session is known: one for all copies of its cookie. */
  nameOf({ issuer, subject, createdAt }: Pick<OldSession, 'issuer' | 'subject' | 'createdAt'>): string {
    return storeName('migrated', [this.#settings.audience, issuer, subject, createdAt])
  }

  #sharedName(place: string): string {
    return storeName('taken-over', [this.#settings.audience, place])
  }
}
