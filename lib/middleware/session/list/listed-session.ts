import { audit } from '../../../base/audit/audit.js'
import { ConfigurationError } from '../../../errors.js'
import { kindOf } from '../../../options/given.js'
import type { OidcConfiguration } from '../../../options/oidc/schema.js'
import type { ApplicationWith } from '../../../relying-party/relying-party.js'
import type { ListEntry, Person } from '../../../session/list/entry.js'
import type { SessionList } from '../../../session/list/session-list.js'

/** One session of a person: where somebody is signed in. Times are in seconds since the epoch. */
export interface ListedSession {
  /** Names the session in this list, and for `end()`. It opens nothing: it is a hash of the session's ID. */
  readonly id: string
  /** When the person signed in. */
  readonly createdAt: number
  /** When it was last renewed: a request in use of it renews it, at most once per `session.rollingStepSeconds`. */
  readonly renewedAt: number
  /**
   * `User-Agent` of the browser that last renewed it, at most 256 characters of printable ASCII. Anybody can write anything
   * there: escape it in a page.
   */
  readonly userAgent?: string
}

/** An entry as applications see it. */
export function listedSession({ hash, createdAt, touchedAt, userAgent }: ListEntry): ListedSession {
  const times = { createdAt: Math.floor(createdAt), renewedAt: Math.floor(touchedAt) }
  return Object.freeze({ id: hash, ...times, ...(userAgent === undefined ? {} : { userAgent }) })
}

/**
 * The lists of an application that has any.
 *
 * @throws {ConfigurationError} `invalid_options` without a shared store
 */
export function requireSessionList({ sessionList }: ApplicationWith<'sessionList'>, call: string): SessionList {
  if (sessionList !== undefined) return sessionList
  const stores = 'give oidc() "sharedStore", such as redisStore(client) of express-oidc/redis, or "session.store"'
  throw invalid(`${call} needs a store that all processes share: ${stores}`)
}

/** Whose session is to end, and at which relying party. */
interface Ending {
  readonly person: Person
  readonly of: OidcConfiguration
}

/**
 * Ends a session of a list, in all processes.
 *
 * @throws {SessionError} `session_store_unavailable`: it may go on
 * @throws {ConfigurationError} `invalid_options` for an ID that is not a string
 */
export async function endListed(list: SessionList, call: string, id: unknown, ending: Ending): Promise<boolean> {
  if (typeof id !== 'string') throw invalid(`${call} takes the id of a listed session (given: ${kindOf(id)})`)
  const { person, of } = ending
  const hasEnded = await list.end(person, id)
  if (hasEnded) audit(() => ({ name: 'logout', via: 'session_list', subject: person.subject, of }))
  return hasEnded
}

/** A mistake in a call. */
export function invalid(message: string): ConfigurationError {
  return new ConfigurationError('invalid_options', message)
}
