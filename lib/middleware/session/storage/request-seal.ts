import type { Runtime } from '../../../base/runtime.js'
import { createNamedSeals, createSeal, type Opened, type Seal, type SealPayload } from '../../../seal/seal.js'
import type { RequestSession } from './application-session.js'

const member = 'oidc'

/** Seals the login that lies in a session of the application's own, as one member of it. */
export interface RequestSeal {
  open(session: RequestSession): Opened | undefined
  /** Opens what a store holds under an id. */
  openStored(id: string, stored: unknown): Opened | undefined
  /** Whether there is a login in what a store holds, be it of another version. */
  isIn(stored: unknown): boolean
  put(session: RequestSession, payload: SealPayload): void
  remove(session: RequestSession): void
  /** Whether a session of another id has got what lay in this one, as the application copies it when it begins a new session. */
  hasMoved(from: Place, to: RequestSession): boolean
  /** Where a login lies now. */
  placeIn(session: RequestSession): Place
}

/** A sealed login, and the id of the session that it was sealed for. */
export interface Place {
  readonly id: string | undefined
  readonly sealed: unknown
}

/**
 * Binds what it seals to the id of the session, where that lies in a store: whoever writes to the store copies nobody's login
 * into another session. A session in a cookie has no id, and is signed as a whole by whoever made it.
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

/** The id of a session in a store. cookie-session has none, and no method either: a member of that name is the application's own. */
export function idOf({ id, regenerate }: RequestSession): string | undefined {
  return typeof id === 'string' && typeof regenerate === 'function' ? id : undefined
}
