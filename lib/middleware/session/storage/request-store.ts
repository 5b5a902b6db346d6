import type { Runtime } from '../../../base/runtime.js'
import { type SessionStore, type SharedStore, isSessionStore } from '../../../options/common/stores.js'
import { type Refreshes, renewedRecord } from '../../../relying-party/tokens/refreshes.js'
import { guardStore } from '../../../session/shared/guarded-store.js'
import { type SessionRecord, fromPayload } from '../../../session/record.js'
import { storeCall } from '../../../session/shared/store-call.js'
import { expressSessionStore } from '../../../session/shared/express-store.js'
import { type RequestSeal, idOf } from './request-seal.js'
import { type RequestSession, storeName } from './application-session.js'
import type { NodeRequest } from '../../types.js'

/** The store of the application's own sessions, which all its processes share. */
export interface RequestStore {
  /** Shares refreshes between processes: short-lived entries beside the sessions, under names that no session has. */
  readonly sharedStore: SharedStore
  /**
   * Reads a session.
   *
   * @throws {SessionError} `session_store_unavailable`
   */
  load(id: string): Promise<unknown>
}

/** Clock, and deadline of each call. */
interface RequestStoreSettings {
  readonly runtime: Runtime
  readonly timeoutSeconds: number
}

/** Finds the store from which express-session has read a request's session. */
export class RequestStores {
  readonly #settings: RequestStoreSettings
  readonly #known = new WeakMap<object, { readonly store: RequestStore | undefined }>()

  constructor(settings: RequestStoreSettings) {
    this.#settings = settings
  }

  /** The store, unless it belongs to one process only. */
  of(req: NodeRequest, session: RequestSession | undefined): RequestStore | undefined {
    const found: unknown = Reflect.get(req, 'sessionStore')
    if (session === undefined || idOf(session) === undefined || !isSessionStore(found)) return undefined
    const known = this.#known.get(found) ?? { store: isOfOneProcess(found) ? undefined : this.#open(found) }
    this.#known.set(found, known)
    return known.store
  }

  #open(store: SessionStore): RequestStore {
    const { timeoutSeconds } = this.#settings
    return {
      sharedStore: guardStore(expressSessionStore({ store, ...this.#settings })),
      load: (id) => storeCall({ timeoutSeconds, what: storeName }, (done) => store.get(id, done)),
    }
  }
}

// MemoryStore of express-session, which cannot be imported here, and of the package memorystore.
function isOfOneProcess(store: object): boolean {
  for (let type = Reflect.getPrototypeOf(store); type !== null; type = Reflect.getPrototypeOf(type)) {
    const constructor: unknown = Reflect.get(type, 'constructor')
    if (typeof constructor === 'function' && constructor.name === 'MemoryStore') return true
  }
  return false
}

/** Where newer tokens of a login may be found. */
interface LoginSources {
  readonly store: RequestStore
  readonly seal: RequestSeal
  readonly refreshes: Pick<Refreshes, 'loadSuccessors' | 'latest'>
  /** The id of the stored session that it was read from. Absent if the session has another id now. */
  readonly from: string | undefined
}

/**
 * A login with the changes of other processes since it was read.
 *
 * @returns `undefined` if the stored session has ended, or no longer holds a login
 * @throws {SessionError} `session_store_unavailable`
 */
export async function newestLogin(
  record: SessionRecord,
  { store, seal, refreshes, from }: LoginSources,
): Promise<SessionRecord | undefined> {
  const stored = from === undefined ? record : store.load(from).then((found) => merged(record, seal, { from, found }))
  const [newest] = await Promise.all([stored, refreshes.loadSuccessors(record, store.sharedStore)])
  return newest === undefined ? undefined : refreshes.latest(newest)
}

function merged(
  record: SessionRecord,
  seal: RequestSeal,
  { from, found }: { readonly from: string; readonly found: unknown },
): SessionRecord | undefined {
  if (!seal.isIn(found)) return undefined
  const opened = seal.openStored(from, found)
  const kept = opened === undefined ? undefined : fromPayload(opened.payload)
  // Another version of the application has written it, or one with a newer secret.
  if (kept?.id !== record.id) return record
  return renewedRecord(record, { kind: 'renewed', tokens: kept.tokens, idToken: kept.idToken })
}
