import type { Runtime } from '../../base/runtime.js'
import { storeName } from '../../base/store/store-name.js'
import type { SharedStore } from '../../options/common/stores.js'
import { createNamedSeals, type Seal } from '../../seal/seal.js'
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
// Browsers send several requests at once, and an answer with the new cookie may be lost.
const sharedMilliseconds = 10_000
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
   * What has become of an old session: `undefined` if nothing yet, the session that it was exchanged for if that was a moment ago,
   * else `spent`.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  async find(old: OldSession): Promise<SessionRecord | 'spent' | undefined> {
    const { sharedStore } = this.#settings
    const [place] = await sharedStore.get([this.#name(old)])
    if (place === undefined) return undefined
    if (place === noSession) return 'spent'
    const [text] = await sharedStore.get([this.#sharedName(place)])
    const opened = text === undefined ? undefined : this.#seals(place).open(text)
    return (opened === undefined ? undefined : fromPayload(opened.payload)) ?? 'spent'
  }

  /**
   * Exchanges an old session for a new one, unless another request has done so. Requests of the same moment find the new one.
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
    return sharedStore.add(this.#name(old), place, spentMilliseconds)
  }

  /**
   * Has an old session count no longer, such as at a logout.
   *
   * @throws {SessionError} `session_store_unavailable`: it may be taken over later
   */
  async spend(old: OldSession): Promise<void> {
    await this.#settings.sharedStore.add(this.#name(old), noSession, spentMilliseconds)
  }

  /** Undoes an exchange whose session could not begin. */
  async undo(old: OldSession): Promise<void> {
    await this.#settings.sharedStore.remove(this.#name(old))
  }

  #name({ issuer, subject, createdAt }: OldSession): string {
    return storeName('migrated', [this.#settings.audience, issuer, subject, createdAt])
  }

  #sharedName(place: string): string {
    return storeName('taken-over', [this.#settings.audience, place])
  }
}
