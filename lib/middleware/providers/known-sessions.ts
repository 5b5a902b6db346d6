import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import type { SessionProvider, SessionRecord } from '../../session/record.js'
import { namesOf } from '../../session/revocation/revocations.js'
import { absences, type SessionAbsence } from '../../session/storage/absence.js'
import { type FoundSession, type SessionStorage, storedSessionIn } from '../../session/storage/storage.js'
import type { NodeRequest } from '../types.js'
import type { WebRelyingParty } from './relying-parties.js'

type Find = (name: string, req: NodeRequest) => MaybePromise<WebRelyingParty | undefined>

/** Finds the relying parties that sessions are of. */
export class SessionParties {
  // Records keep this object when they change: a relying party that was evicted since is still known for the request.
  readonly #found = new WeakMap<SessionProvider, WebRelyingParty>()
  readonly #find: Find

  constructor(find: Find) {
    this.#find = find
  }

  /** The relying party of a session that {@link guard} has let through. */
  of({ provider }: SessionRecord): WebRelyingParty | undefined {
    return provider === undefined ? undefined : this.#found.get(provider)
  }

  /** Restricts a storage to sessions whose relying party is still there. The others' cookies are removed like those of ended ones. */
  guard(storage: SessionStorage, req: NodeRequest): SessionStorage {
    let lost: SessionAbsence | undefined
    const known = (found: FoundSession): MaybePromise<FoundSession> => {
      const kept = storedSessionIn(found)
      if (kept === undefined) return found
      return whenDone(this.#look(kept.record, req), (isKnown) => {
        if (isKnown) return found
        lost = { ...absences.otherProvider, names: namesOf(kept.record) }
        return undefined
      })
    }
    const knownRecord = (record: SessionRecord | undefined): MaybePromise<SessionRecord | undefined> =>
      record === undefined ? undefined : whenDone(this.#look(record, req), (isKnown) => (isKnown ? record : undefined))
    return {
      get sharedStore() {
        return storage.sharedStore
      },
      read: (cookies, further) => whenDone(storage.read(cookies, further), known),
      absence: (cookies, place) => lost ?? storage.absence(cookies, place),
      find: (record) => whenDone(storage.find(record), knownRecord),
      save: (record, base) => storage.save(record, base),
      touch: (record, base) => storage.touch(record, base),
      end: (record) => storage.end(record),
      write: (record, cookies) => storage.write(record, cookies),
      clear: (cookies, further) => storage.clear(cookies, further),
    }
  }

  // Under the same name there may be another provider now, or another client: then nobody vouches for the session.
  #look({ provider }: SessionRecord, req: NodeRequest): MaybePromise<boolean> {
    if (provider === undefined) return false
    return whenDone(this.#find(provider.name, req), (rp) => {
      if (rp?.sessionProvider?.key !== provider.key) return false
      this.#found.set(provider, rp)
      return true
    })
  }
}
