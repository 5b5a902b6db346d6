import type { Runtime } from '../../../base/runtime.js'
import { createNamedSeals, createSeal, type Opened, type Seal, type SealPayload } from '../../../seal/seal.js'
import type { RequestSession } from './application-session.js'

const member = 'oidc'

/** Encrypts the login in the application's own session, as one member of it. */
export interface RequestSeal {
  open(session: RequestSession): Opened | undefined
  /** Decrypts the login in a stored session. */
  openStored(id: string, stored: unknown): Opened | undefined
  /** Whether a stored session holds a login, perhaps of another version. */
  isIn(stored: unknown): boolean
  put(session: RequestSession, payload: SealPayload): void
  remove(session: RequestSession): void
  /** Whether the login was copied into a session with another id: applications do so when they begin a new session. */
  hasMoved(from: Place, to: RequestSession): boolean
  /** The place of a login in a session. */
  placeIn(session: RequestSession): Place
}

/** An encrypted login, and the id of the session that it was encrypted for. */
export interface Place {
  readonly id: string | undefined
  readonly sealed: unknown
}

/**
 * Binds a login to the id of its session, if the session is stored: write access to the store is not enough to copy a login
 * into another session. A session in a cookie has no id, and is signed as a whole.
 */
export function createRequestSeal(
  secrets: readonly string[],
  audience: readonly string[],
  runtime: Runtime,
): RequestSeal {
  const inCookie = createSeal(secrets, ['session in a session', ...audience], runtime)
  const inStore = createNamedSeals(secrets, ['session in a stored session', ...audience], runtime)
  const sealOf = (session: RequestSession): Seal => {
    const id = idOf(session)
    return id === undefined ? inCookie : inStore(id)
  }
  return {
    open(session) {
      const sealed = session[member]
      return typeof sealed === 'string' ? sealOf(session).open(sealed) : undefined
    },
    openStored(id, stored) {
      const sealed = memberOf(stored)
      return typeof sealed === 'string' ? inStore(id).open(sealed) : undefined
    },
    isIn: (stored) => memberOf(stored) !== undefined,
    put(session, payload) {
      session[member] = sealOf(session).seal(payload)
    },
    remove: (session) => void Reflect.deleteProperty(session, member),
    hasMoved: ({ id, sealed }, to) => sealed !== undefined && to[member] === sealed && idOf(to) !== id,
    placeIn: (session) => ({ id: idOf(session), sealed: session[member] }),
  }
}

function memberOf(stored: unknown): unknown {
  return typeof stored === 'object' && stored !== null ? Reflect.get(stored, member) : undefined
}

/** The id of a stored session. cookie-session has no ids and no methods: there, `id` is the application's own data. */
export function idOf({ id, regenerate }: RequestSession): string | undefined {
  return typeof id === 'string' && typeof regenerate === 'function' ? id : undefined
}
