import { ageOf } from '../base/age.js'
import { TtlCache } from '../base/cache/ttl-cache.js'
import { isOidcError } from '../base/error-cause.js'
import type { SessionRecord } from '../session/record.js'
import { refreshSession } from './session-refresh.js'
import type { RefreshableSession } from './tokens/renewal.js'
import type { UserinfoParts } from './userinfo.js'
import type { ApplicationWith } from './relying-party.js'

const pauseSeconds = 30

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
    if (rp === undefined || record === undefined || !this.#isDue(record, revalidateSeconds) || !session.canStore())
      return undefined
    return this.#renew(rp, record, session)
  }

  #isDue({ id, createdAt, tokens }: SessionRecord, seconds: number): boolean {
    if (tokens.refreshToken === undefined) return false
    const age = ageOf(tokens.obtainedAt ?? createdAt, this.#application.runtime.now() / 1000)
    return age >= seconds && !this.#paused.has(id)
  }

  async #renew(rp: UserinfoParts, { id }: SessionRecord, session: RefreshableSession): Promise<void> {
    try {
      await refreshSession(rp, session)
    } catch (error) {
      if (!isOidcError(error)) throw error
      this.#paused.set(id, true)
    }
  }
}
