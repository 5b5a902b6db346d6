import { ageOf } from '../base/age.js'
import { TtlCache } from '../base/cache/ttl-cache.js'
import { isOidcError } from '../base/error-cause.js'
import type { SessionRecord } from '../session/record.js'
import { refreshSession, renewUserinfo } from './session-refresh.js'
import type { RefreshableSession } from './tokens/renewal.js'
import type { UserinfoParts } from './userinfo.js'
import type { ApplicationWith } from './relying-party.js'

const pauseSeconds = 30
// A request under way may still have the cookie of before: it takes the answer that another one has just fetched.
const maxAnswerSeconds = 10

/** A session, and its relying party. */
interface RevalidatedRequest {
  readonly rp: UserinfoParts | undefined
  readonly session: RefreshableSession
}

/** Renews sessions at the provider regularly. People who were disabled there do not stay signed in. */
export class Revalidation {
  readonly #application: ApplicationWith<'configuration' | 'runtime'>
  /** Sessions that could not be renewed a moment ago: requests must not wait for the provider one after another. */
  readonly #paused: TtlCache<true>

  constructor(application: ApplicationWith<'configuration' | 'runtime'>) {
    this.#application = application
    const { runtime } = application
    this.#paused = new TtlCache({ max: 10_000, milliseconds: pauseSeconds * 1000, runtime })
  }

  /**
   * Renews a session at its relying party if that is due. If the provider ends the login, the session ends; otherwise it goes on, also if the
   * provider is unavailable.
   *
   * @returns `undefined` if nothing is to be done
   */
  start(request: RevalidatedRequest): Promise<void> | undefined {
    const { revalidateSeconds } = this.#application.configuration.session
    if (revalidateSeconds === undefined) return undefined
    const { rp, session } = request
    const record = session.current()
    if (rp === undefined || record === undefined) return undefined
    const renew = this.#due(rp, record, revalidateSeconds)
    if (renew === undefined || this.#paused.has(record.id) || !session.canStore()) return undefined
    return this.#orPause(record, renew(rp, session))
  }

  /** Renews what is due: the whole session, or only claims of UserInfo, where something else has renewed the tokens meanwhile. */
  #due(
    rp: UserinfoParts,
    { createdAt, tokens, userinfoAt }: SessionRecord,
    seconds: number,
  ): typeof refreshSession | undefined {
    if (tokens.refreshToken === undefined) return undefined
    const now = this.#application.runtime.now() / 1000
    const obtainedAt = tokens.obtainedAt ?? createdAt
    if (ageOf(obtainedAt, now) >= seconds) return refreshSession
    // Sessions of earlier versions do not say when, so their tokens alone count: after an update, all would ask at once.
    if (!rp.configuration.userinfo || userinfoAt === undefined || ageOf(userinfoAt, now) < seconds) return undefined
    return (...request) => renewUserinfo(...request, maxAnswerSeconds)
  }

  async #orPause({ id }: SessionRecord, renewing: Promise<void>): Promise<void> {
    try {
      await renewing
    } catch (error) {
      if (!isOidcError(error)) throw error
      this.#paused.set(id, true)
    }
  }
}
