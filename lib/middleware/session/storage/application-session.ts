import { ConfigurationError } from '../../../errors.js'
import { storeCall, type StoreCallback } from '../../../session/shared/store-call.js'
import { storeOutage } from '../../../session/shared/outage.js'
import type { NodeRequest } from '../../types.js'

/** A session of express-session, as far as it is used here; one of cookie-session has no methods. */
export interface RequestSession {
  [member: string]: unknown
  regenerate?: (done: (error?: unknown) => void) => void
  save?: (done: (error?: unknown) => void) => void
}

/** What holds such sessions, in messages. */
export const storeName = "the store of the application's session"

/**
 * Stores a session before the response ends.
 *
 * @throws {SessionError} `session_store_unavailable`
 */
export async function storeNow(session: RequestSession, timeoutSeconds: number): Promise<void> {
  if (session.save === undefined) return
  await storeCall({ timeoutSeconds, what: storeName }, (done) => session.save?.(done))
}

/**
 * Begins a session of a new id, without what was in the old one. cookie-session writes no cookie for an empty session that is
 * new, so that the old one is emptied.
 *
 * @throws {SessionError} `session_store_unavailable`
 */
export async function beginAnew(session: RequestSession, timeoutSeconds: number): Promise<void> {
  if (session.regenerate !== undefined)
    await storeCall({ timeoutSeconds, what: storeName }, (done) => session.regenerate?.(done))
  else for (const name of Object.keys(session)) Reflect.deleteProperty(session, name)
}

/** Does some work each time before a session is stored: by whomever, be it express-session at the end of the response. */
export function beforeSave(session: RequestSession, work: () => Promise<unknown>): void {
  const { save } = session
  if (save === undefined) return
  const go = (done?: StoreCallback): void => saveWith(session, save, done)
  const changed = (done?: StoreCallback): RequestSession => {
    // Not within the promise: what `done` throws is for nobody here to catch.
    const later = (): void => void setImmediate(go, done)
    work().then(later, later)
    return session
  }
  Object.defineProperty(session, 'save', { configurable: true, enumerable: false, writable: true, value: changed })
}

// Some stores throw, where whoever called could catch it before.
function saveWith(session: RequestSession, save: NonNullable<RequestSession['save']>, done?: StoreCallback): void {
  const state = { isDone: false }
  const once: StoreCallback = (...answer) => {
    state.isDone = true
    done?.(...answer)
  }
  try {
    save.call(session, once)
  } catch (error) {
    if (state.isDone) throw error
    once(error)
  }
}

/** Finds the application's own session of a request. */
export class RequestSessions {
  #wasThere = false

  /** The session that a middleware has read. */
  of(req: NodeRequest): RequestSession | undefined {
    const session: unknown = Reflect.get(req, 'session')
    if (typeof session !== 'object' || session === null) return undefined
    this.#wasThere = true
    // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- an object, of which every member is checked before use
    return session as RequestSession
  }

  /** Why there is none: express-session leaves it out while its store says that it is not connected. */
  absence(): Error {
    const what = 'session.use is "request", but req.session is not there'
    if (this.#wasThere) {
      return storeOutage(`${what}, as it was before: its store is away, or it is not mounted for this path`)
    }
    const advice = 'mount express-session or cookie-session before oidc(), for all its paths'
    return new ConfigurationError('not_mounted', `${what}: ${advice}`)
  }
}
