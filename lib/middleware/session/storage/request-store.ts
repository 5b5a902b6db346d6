import type { Runtime } from '../../../base/runtime.js'
import { type SessionStore, type SharedStore, isSessionStore } from '../../../options/common/stores.js'
import { type Refreshes, renewedRecord } from '../../../relying-party/tokens/refreshes.js'
import { guardStore } from '../../../session/shared/guarded-store.js'
import { mergeRecords } from '../../../session/merge.js'
import type { SessionRecord } from '../../../session/record.js'
import { storeCall } from '../../../session/shared/store-call.js'
import { expressSessionStore } from '../../../session/shared/express-store.js'
import { type RequestSeal, idOf } from './request-seal.js'
import { type RequestSession, storeName } from './application-session.js'
import type { NodeRequest } from '../../types.js'

/** The store of the application's own sessions. */
export interface RequestStore {
  /**
   * Shares refreshes between processes: short-lived entries beside the sessions, under names that no session has. Absent if the
   * store belongs to one process only.
   */
  readonly sharedStore: SharedStore | undefined
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
  readonly #known = new WeakMap<object, RequestStore>()

  constructor(settings: RequestStoreSettings) {
    this.#settings = settings
  }

  /** The store; `undefined` for a session in a cookie. */
  of(req: NodeRequest, session: RequestSession | undefined): RequestStore | undefined {
    const found: unknown = Reflect.get(req, 'sessionStore')
    if (session === undefined || idOf(session) === undefined || !isSessionStore(found)) return undefined
    const known = this.#known.get(found) ?? this.#open(found)
    this.#known.set(found, known)
    return known
  }

  #open(store: SessionStore): RequestStore {
    const { timeoutSeconds } = this.#settings
    return {
      sharedStore: isOfOneProcess(store) ? undefined : guardStore(expressSessionStore({ store, ...this.#settings })),
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

/** A login as a request holds it. */
interface ChangedLogin {
  readonly record: SessionRecord
  /** The same login without the changes of the request. */
  readonly base: SessionRecord
}

/** Where newer tokens and data of a login may be found. */
interface LoginSources {
  readonly store: RequestStore
  readonly seal: RequestSeal
  readonly refreshes: Pick<Refreshes, 'loadSuccessors' | 'latest'>
  /** The id of the stored session that it was read from. Absent if the session has another id now. */
  readonly from: string | undefined
}

/**
 * A login with the changes of other requests since it was read, in this process or another one.
 *
 * @returns `undefined` if the stored session has ended, or no longer holds a login
 * @throws {SessionError} `session_store_unavailable`
 */
export async function newestLogin(
  login: ChangedLogin,
  { store, seal, refreshes, from }: LoginSources,
): Promise<SessionRecord | undefined> {
  const { record } = login
  const stored = from === undefined ? record : store.load(from).then((found) => merged(login, seal, { from, found }))
  const [newest] = await Promise.all([stored, refreshes.loadSuccessors(record, store.sharedStore)])
  return newest === undefined ? undefined : refreshes.latest(newest)
}

function merged(
  { record, base }: ChangedLogin,
  seal: RequestSeal,
  { from, found }: { readonly from: string; readonly found: unknown },
): SessionRecord | undefined {
  if (!seal.isIn(found)) return undefined
  const kept = seal.openStored(from, found)
  // Another version of the application has written it, or one with a newer secret.
  if (kept?.id !== record.id) return record
  // Of tokens, the newest count even where this request has none of its own: an older request may have stored older ones since.
  const { tokens, idToken } = renewedRecord(record, { kind: 'renewed', tokens: kept.tokens, idToken: kept.idToken })
  return { ...mergeRecords(base, record, kept), tokens, idToken }
}
