import type { OidcConfiguration } from '../../../options/oidc/schema.js'
import { sessionMissing } from '../../../session/lifetime.js'
import type { Person } from '../../../session/list/entry.js'
import type { SessionList } from '../../../session/list/session-list.js'
import type { RequestContext } from '../request-context.js'
import { endListed, type ListedSession, listedSession, requireSessionList } from './listed-session.js'
import { personOf } from './listed-sessions.js'

/** One session of the person who is signed in. */
export interface OwnSession extends ListedSession {
  /** Whether it is the session of this request. */
  readonly isCurrent: boolean
}

/** `req.oidc.sessions`: where the person who is signed in is signed in. */
export class OwnSessions {
  readonly #context: RequestContext

  /** @internal */
  constructor(context: RequestContext) {
    this.#context = context
  }

  /**
   * Lists the person's sessions, the one that was renewed last first: 100 at most.
   *
   * @example
   * ```ts
   * app.get('/devices', requireAuth(), async (req, res) => {
   *   res.json(await req.oidc.sessions.list())
   * })
   * ```
   *
   * @throws {SessionError} `session_missing`, or `session_store_unavailable`
   * @throws {ConfigurationError} `invalid_options` without a shared store
   */
  async list(): Promise<readonly OwnSession[]> {
    const { list, person, currentId } = this.#own('sessions.list()')
    const entries = await list.sessionsOf(person)
    return entries.map((entry) => Object.freeze({ ...listedSession(entry), isCurrent: entry.hash === currentId }))
  }

  /**
   * Ends one of the person's sessions, in all processes. Tokens that it holds are not revoked at the provider. To end the session
   * of this request, call `logout()` instead.
   *
   * @example
   * ```ts
   * app.post('/devices/:id/end', requireAuth(), async (req, res) => {
   *   await req.oidc.sessions.end(req.params.id)
   *   res.redirect(303, '/devices')
   * })
   * ```
   *
   * @param id - `id` of a session in the list
   * @returns whether the person had this session; `false` for that of anybody else
   * @throws {SessionError} `session_missing`, or `session_store_unavailable`: the session may go on
   * @throws {ConfigurationError} `invalid_options` without a shared store, or if `id` is not a string
   */
  async end(id: string): Promise<boolean> {
    const call = 'sessions.end()'
    const { list, person, configuration } = this.#own(call)
    return endListed(list, call, id, { person, of: configuration })
  }

  #own(call: string): Own {
    const list = requireSessionList(this.#context.application, call)
    const { configuration } = this.#context.requireRelyingParty(call)
    const record = this.#context.session.current()
    if (record === undefined) throw sessionMissing(call)
    return { list, person: personOf(record, configuration), currentId: list.idOf(record), configuration }
  }
}

interface Own {
  readonly list: SessionList
  readonly person: Person
  /** The current session in the list. */
  readonly currentId: string
  readonly configuration: OidcConfiguration
}
