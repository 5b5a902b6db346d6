import { configuredIssuer, type IssuerNames } from '../../../options/common/provider-description.js'
import { isIssuerTemplate } from '../../../options/common/tenants.js'
import type { HttpRequest } from '../../../http/request.js'
import { idTokenClaims } from '../../../session/claims.js'
import { boundedUserAgent, type Person } from '../../../session/list/entry.js'
import type { SessionList } from '../../../session/list/session-list.js'
import type { SessionRecord } from '../../../session/record.js'

/** Keeps the lists of sessions up to date: what logins, renewals and logouts of requests change. */
export class ListedSessions {
  readonly #list: SessionList
  readonly #namesOf: (record: SessionRecord) => IssuerNames | undefined
  readonly #entered = new WeakMap<SessionRecord, Promise<SessionRecord>>()

  /** @param namesOf - the issuer of a session as the options say it */
  constructor(list: SessionList, namesOf: (record: SessionRecord) => IssuerNames | undefined) {
    this.#list = list
    this.#namesOf = namesOf
  }

  /**
   * Lists a session that begins: once, if two requests begin it at the same moment, such as by a double click.
   *
   * @throws {SessionError} `session_store_unavailable`: it must not begin
   */
  enter(record: SessionRecord, names: IssuerNames, httpRequest: HttpRequest): Promise<SessionRecord> {
    const known = this.#entered.get(record)
    if (known !== undefined) return known
    const entered = this.#list.enter(record, personOf(record, names), userAgentOf(httpRequest))
    this.#entered.set(record, entered)
    return entered
  }

  /**
   * Notes in the background that a request has renewed a session, if it has. If that fails, the next renewal does it.
   *
   * @param base - the record before the change; absent for a login
   */
  renew(record: SessionRecord, base: SessionRecord | undefined, httpRequest: HttpRequest): void {
    if (base === undefined || record.touchedAt === base.touchedAt) return
    this.#list.renew(record, this.#personOf(record), userAgentOf(httpRequest)).catch(() => undefined)
  }

  /** Removes a session that ends. If that fails, it is not listed all the same once it has ended. */
  async leave(record: SessionRecord): Promise<void> {
    await this.#list.leave(record, this.#personOf(record)).catch(() => undefined)
  }

  #personOf(record: SessionRecord): Person {
    return personOf(record, this.#namesOf(record))
  }
}

/** Whose session it is. */
export function personOf(record: SessionRecord, names: IssuerNames | undefined): Person {
  const { iss, sub: subject } = idTokenClaims(record)
  const person = { subject, provider: record.provider?.key }
  if (names === undefined) return { ...person, issuer: iss }
  return { ...person, issuer: configuredIssuer(iss, names), isOfTenant: isIssuerTemplate(names.issuer) }
}

function userAgentOf(httpRequest: HttpRequest): string | undefined {
  return boundedUserAgent(httpRequest.header('user-agent'))
}
