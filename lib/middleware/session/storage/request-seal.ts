import type { Runtime } from '../../../base/runtime.js'
import { createNamedSeals, createSeal, type Opened, type Seal } from '../../../seal/seal.js'
import { fromPayload, type SessionRecord, toPayload } from '../../../session/record.js'
import { type Fitted, sealToFit } from '../../../session/storage/fitting.js'
import type { LeftOutTokens } from '../../../session/storage/left-out-tokens.js'
import { unpack } from '../../../session/storage/packed-payload.js'
import type { Remark } from '../../../session/storage/several.js'
import type { RequestSession } from './application-session.js'
import { cookieRoom } from './cookie-room.js'

const member = 'oidc'

/** A login that was decrypted. */
export interface OpenedLogin extends Pick<Opened, 'expired' | 'outdatedKey'> {
  /** `undefined` if another version wrote it. */
  readonly record: SessionRecord | undefined
}

/** How a login is written. */
export interface LoginWriting {
  /** Its expiry date, in seconds since the epoch. */
  readonly endsAt: number
  /** The cookie that the session is, unless it is stored. */
  readonly cookieName: string
}

/** An encrypted login, and the id of the session that it was encrypted for. */
export interface Place {
  readonly id: string | undefined
  readonly sealed: unknown
}

interface RequestSealSettings {
  readonly secrets: readonly string[]
  readonly audience: readonly string[]
  readonly runtime: Runtime
  readonly remark: Remark
  readonly leftOut: LeftOutTokens
}

/**
 * Encrypts the login in the application's own session, as one member of it. Binds it to the id of its session, if the session is
 * stored: write access to the store is not enough to copy a login into another session. A session in a cookie has no id, and is
 * signed as a whole. There, a login is made smaller as far as needed.
 */
export class RequestSeal {
  readonly #settings: RequestSealSettings
  readonly #inCookie: Seal
  readonly #inStore: (id: string) => Seal

  constructor(settings: RequestSealSettings) {
    const { secrets, audience, runtime } = settings
    this.#settings = settings
    this.#inCookie = createSeal(secrets, ['session in a session', ...audience], runtime)
    this.#inStore = createNamedSeals(secrets, ['session in a stored session', ...audience], runtime)
  }

  /** Decrypts the login in the session of a request. */
  open(session: RequestSession): OpenedLogin | undefined {
    const id = idOf(session)
    const opened = openedIn(session, id === undefined ? this.#inCookie : this.#inStore(id))
    if (opened === undefined) return undefined
    const record = recordIn(opened)
    return { ...opened, record: record === undefined ? undefined : this.#settings.leftOut.restoreLocal(record) }
  }

  /** Decrypts the login in a stored session; `undefined` if that is not possible. */
  openStored(id: string, stored: unknown): SessionRecord | undefined {
    const opened = openedIn(stored, this.#inStore(id))
    return opened === undefined ? undefined : recordIn(opened)
  }

  /** Whether a stored session holds a login, perhaps of another version. */
  isIn(stored: unknown): boolean {
    return memberOf(stored) !== undefined
  }

  /**
   * Encrypts a login into a session.
   *
   * @throws {SessionError} `session_too_large`, for one in a cookie, before anything has changed
   */
  put(session: RequestSession, record: SessionRecord, writing: LoginWriting): void {
    const id = idOf(session)
    session[member] =
      id === undefined
        ? this.#sealedInCookie(session, record, writing)
        : this.#inStore(id).seal(toPayload(record, writing.endsAt))
  }

  /**
   * Makes sure that a login has room in a new session, where a session is a cookie.
   *
   * @param session - the old one
   * @throws {SessionError} `session_too_large`
   */
  requireRoom(session: RequestSession, record: SessionRecord, writing: LoginWriting): void {
    if (idOf(session) === undefined) this.#fitted({}, record, writing)
  }

  remove(session: RequestSession): void {
    Reflect.deleteProperty(session, member)
  }

  /** Whether the login was copied into a session with another id: applications do so when they begin a new session. */
  hasMoved({ id, sealed }: Place, to: RequestSession): boolean {
    return sealed !== undefined && to[member] === sealed && idOf(to) !== id
  }

  /** The place of a login in a session. */
  placeIn(session: RequestSession): Place {
    return { id: idOf(session), sealed: session[member] }
  }

  #sealedInCookie(session: RequestSession, record: SessionRecord, writing: LoginWriting): string {
    const { sealed, remarks, isTokenLeftOut } = this.#fitted(session, record, writing)
    if (remarks.length > 0) this.#settings.remark(remarks)
    if (isTokenLeftOut) this.#settings.leftOut.keep(record)
    return sealed
  }

  #fitted(others: object, record: SessionRecord, { endsAt, cookieName }: LoginWriting): Fitted<string> {
    return sealToFit(record, endsAt, cookieRoom(this.#inCookie, cookieName, { ...others, [member]: '' }))
  }
}

function openedIn(session: unknown, seal: Seal): Opened | undefined {
  const sealed = memberOf(session)
  return typeof sealed === 'string' ? seal.open(sealed) : undefined
}

function recordIn(opened: Opened): SessionRecord | undefined {
  const payload = unpack(opened)
  return payload === undefined ? undefined : fromPayload(payload)
}

function memberOf(stored: unknown): unknown {
  return typeof stored === 'object' && stored !== null ? Reflect.get(stored, member) : undefined
}

/** The id of a stored session. cookie-session has no ids and no methods: there, `id` is the application's own data. */
export function idOf({ id, regenerate }: RequestSession): string | undefined {
  return typeof id === 'string' && typeof regenerate === 'function' ? id : undefined
}
