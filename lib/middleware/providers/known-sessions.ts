import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { SharedStore } from '../../options/common/stores.js'
import type { SessionRecord } from '../../session/record.js'
import { namesOf } from '../../session/revocation/revocations.js'
import { absences, type SessionAbsence } from '../../session/storage/absence.js'
import type { Cookies, FurtherCookies } from '../../session/storage/cookie-chunks.js'
import { type FoundSession, type SessionStorage, storedSessionIn } from '../../session/storage/storage.js'
import type { RelyingPartyStorage, WebRelyingParty } from './relying-parties.js'

/** The relying party of a name, if there is one. */
export type FindRelyingParty = (name: string) => MaybePromise<WebRelyingParty | undefined>

/**
 * Whether a session is of a relying party. Under the same name there may be another provider now, or another client: then nobody vouches
 * for the session.
 */
export function isSessionOf({ provider }: SessionRecord, rp: WebRelyingParty | undefined): rp is WebRelyingParty {
  return provider !== undefined && rp?.sessionProvider?.key === provider.key
}

/**
 * Restricts a storage to sessions whose relying party is still there. The others' cookies are removed like those of ended ones. A
 * relying party that is evicted later is still known for the request.
 */
export class KnownSessions implements RelyingPartyStorage {
  readonly #storage: SessionStorage
  readonly #find: FindRelyingParty
  #rp: WebRelyingParty | undefined
  #lost: SessionAbsence | undefined

  constructor(storage: SessionStorage, find: FindRelyingParty) {
    this.#storage = storage
    this.#find = find
  }

  get rp(): WebRelyingParty | undefined {
    return this.#rp
  }

  get sharedStore(): SharedStore | undefined {
    return this.#storage.sharedStore
  }

  read(cookies: Cookies, further?: FurtherCookies): MaybePromise<FoundSession> {
    return whenDone(this.#storage.read(cookies, further), (found) => this.#keepIfKnown(found))
  }

  absence(cookies: Cookies): SessionAbsence {
    return this.#lost ?? this.#storage.absence(cookies)
  }

  find(record: SessionRecord): MaybePromise<SessionRecord | undefined> {
    return whenDone(this.#storage.find(record), (found) =>
      found === undefined
        ? undefined
        : whenDone(this.#relyingPartyOf(found), (rp) => (isSessionOf(found, rp) ? found : undefined)),
    )
  }

  save(record: SessionRecord, base: SessionRecord | undefined): MaybePromise<SessionRecord> {
    return this.#storage.save(record, base)
  }

  touch(record: SessionRecord, base: SessionRecord): void {
    this.#storage.touch(record, base)
  }

  end(record: SessionRecord): MaybePromise<void> {
    return this.#storage.end(record)
  }

  write(record: SessionRecord, cookies: Cookies): readonly string[] {
    return this.#storage.write(record, cookies)
  }

  clear(cookies: Cookies, further?: FurtherCookies): readonly string[] {
    return this.#storage.clear(cookies, further)
  }

  #keepIfKnown(found: FoundSession): MaybePromise<FoundSession> {
    const record = storedSessionIn(found)?.record
    if (record === undefined) return found
    return whenDone(this.#relyingPartyOf(record), (rp) => {
      if (isSessionOf(record, rp)) {
        this.#rp = rp
        return found
      }
      this.#lost = { ...absences.otherProvider, names: namesOf(record) }
      return undefined
    })
  }

  #relyingPartyOf({ provider }: SessionRecord): MaybePromise<WebRelyingParty | undefined> {
    return provider === undefined ? undefined : this.#find(provider.name)
  }
}
