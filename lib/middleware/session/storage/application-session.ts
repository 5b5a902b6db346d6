import { ConfigurationError } from '../../../errors.js'
import { storeCall, type StoreCallback } from '../../../session/shared/store-call.js'
import { storeOutage } from '../../../base/store/outage.js'
import type { SessionRecord } from '../../../session/record.js'
import type { NodeRequest } from '../../types.js'

/** The used part of a session of express-session. A session of cookie-session has no methods. */
export interface RequestSession {
  [member: string]: unknown
  regenerate?: (done: (error?: unknown) => void) => void
  save?: (done: (error?: unknown) => void) => void
}

/** Name of the store in messages. */
export const storeName = "the store of the application's session"

/**
 * Stores a session before the response ends.
 *
 * @throws {SessionError} `session_store_unavailable`
 */
export async function storeNow(session: RequestSession, timeoutSeconds: number): Promise<void> {
  if (session.save === undefined) return
  await storeCall({ timeoutSeconds, what: storeName, isWrite: true }, (done) => session.save?.(done))
}

/**
 * Begins a session with a new id, without the content of the old one. cookie-session writes no cookie for a new, empty
 * session, so there the old one is emptied instead.
 *
 * @throws {SessionError} `session_store_unavailable`
 */
export async function beginAnew(session: RequestSession, timeoutSeconds: number): Promise<void> {
  if (session.regenerate !== undefined)
    await storeCall({ timeoutSeconds, what: storeName }, (done) => session.regenerate?.(done))
  else for (const name of Object.keys(session)) Reflect.deleteProperty(session, name)
}

/**
 * Has the cookie of the application's session outlive the browser, or not, as its login says. express-session keeps that in the
 * session, cookie-session in the options of one request.
 */
export function keepCookie(
  req: NodeRequest,
  { cookie, regenerate }: RequestSession,
  { remember }: Pick<SessionRecord, 'remember'>,
  secondsLeft: number,
): void {
  if (remember === undefined) return
  const holder: unknown = regenerate === undefined ? Reflect.get(req, 'sessionOptions') : cookie
  if (typeof holder !== 'object' || holder === null) return
  Reflect.set(holder, 'expires', null)
  if (remember || regenerate === undefined) Reflect.set(holder, 'maxAge', remember ? secondsLeft * 1000 : null)
}

/**
 * Runs some work each time before a session is stored, by the application or by express-session at the end of the response. What
 * it resolves with is called once the session has been stored.
 */
export function beforeSave(session: RequestSession, work: () => Promise<(() => void) | undefined>): void {
  const { save } = session
  if (save === undefined) return
  const go = (done?: StoreCallback, stored?: () => void): void =>
    saveWith(session, save, (...answer) => {
      const [error] = answer
      if (error === undefined || error === null) stored?.()
      done?.(...answer)
    })
  const changed = (done?: StoreCallback): RequestSession => {
    // Outside the promise: an error that `done` throws must not be caught here.
    const later = (stored?: () => void): void => void setImmediate(go, done, stored)
    work().then(later, () => later())
    return session
  }
  Object.defineProperty(session, 'save', { configurable: true, enumerable: false, writable: true, value: changed })
}

// Some stores throw synchronously. The caller of save() could catch that, so here it goes to the callback.
function saveWith(session: RequestSession, save: NonNullable<RequestSession['save']>, done: StoreCallback): void {
  const state = { isDone: false }
  const once: StoreCallback = (...answer) => {
    state.isDone = true
    done(...answer)
  }
  try {
    save.call(session, once)
  } catch (error) {
    if (state.isDone) throw error
    once(error)
  }
}

/** Finds the application's own session in a request. */
export class RequestSessions {
  #wasThere = false

  /** The session that an earlier middleware has read. */
  of(req: NodeRequest): RequestSession | undefined {
    const session: unknown = Reflect.get(req, 'session')
    if (typeof session !== 'object' || session === null) return undefined
    this.#wasThere = true
    // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- an object, of which every member is checked before use
    return session as RequestSession
  }

  /** The error for a missing session: express-session sets none while its store is disconnected. */
  absence(): Error {
    const what = 'session.use is "request", but req.session is missing'
    if (this.#wasThere) {
      return storeOutage(`${what} for this request: its store is unavailable, or it is not mounted for this path`)
    }
    const advice = 'mount express-session or cookie-session before oidc(), for all its paths'
    return new ConfigurationError('not_mounted', `${what}: ${advice}`)
  }
}
