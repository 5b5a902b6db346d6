import type { LRUCache } from 'lru-cache'
import { createGrowingCache } from '../../../base/cache/growing-cache.js'
import { type MaybePromise, whenDone } from '../../../base/maybe-promise.js'
import { isNavigation } from '../../../http/fetch-metadata.js'
import type { HttpRequest } from '../../../http/request.js'
import type { SharedStore } from '../../../options/common/stores.js'
import { isUnderWay, type MigrateFromConfiguration } from '../../../options/oidc/migration/migrate-from.js'
import { publicPath } from '../../../relying-party/base-url.js'
import { baseUrlOf } from '../../../relying-party/base-urls.js'
import { createOldSessions, type OpenOldSession } from '../../../session/migration/express-openid-connect.js'
import { OldCookies } from '../../../session/migration/old-cookies.js'
import type { OldSession } from '../../../session/migration/old-session.js'
import { SpentSessions } from '../../../session/migration/spent-sessions.js'
import type { SessionRecord } from '../../../session/record.js'
import { type SessionStorage, storedSessionIn } from '../../../session/storage/storage.js'
import type { WebRelyingParty } from '../../providers/relying-parties.js'
import type { BindingSettings, SessionBinding, SessionReading } from '../identity.js'
import { BoundSession, bindSession } from '../response-session.js'
import { endSessions } from '../session-end.js'
import { MigratingSession } from './migrating-session.js'
import { type MigrationCall, type Taken, TakingOver } from './taking-over.js'

/**
 * Creates what takes sessions over, if the options want that and its end has not come.
 *
 * @throws {ConfigurationError} `invalid_options` if that is too far ahead
 */
export function createMigration(rp: WebRelyingParty, binding: BindingSettings): Migration | undefined {
  const { sharedStore, runtime, configuration } = rp
  const { migrateFrom } = configuration.session
  if (migrateFrom === undefined || sharedStore === undefined) return undefined
  return isUnderWay(migrateFrom, runtime.now()) ? new Migration(rp, binding, migrateFrom, sharedStore) : undefined
}

const maxKnown = 10_000

/** Takes over sessions of another package, at the first request that brings one. */
export class Migration {
  readonly #rp: WebRelyingParty
  readonly #binding: BindingSettings
  readonly #until: number
  readonly #cookies: OldCookies
  readonly #open: OpenOldSession
  readonly #spent: SpentSessions
  readonly #takingOver: TakingOver
  /** Sessions, by ID, that were taken over here: whether their browser has them. */
  readonly #known: LRUCache<string, 'begun' | 'settled'>

  constructor(
    rp: WebRelyingParty,
    binding: BindingSettings,
    settings: MigrateFromConfiguration,
    sharedStore: SharedStore,
  ) {
    const { secret: secrets, session } = rp.configuration
    const { runtime } = rp
    this.#rp = rp
    this.#binding = binding
    this.#until = settings.until
    this.#cookies = new OldCookies(settings.cookie, rp.baseUrls.secure)
    this.#open = createOldSessions(settings, session.storeTimeoutSeconds)
    this.#spent = new SpentSessions({ sharedStore, runtime, secrets, audience: rp.audience })
    this.#takingOver = new TakingOver(rp, binding, this.#spent)
    this.#known = createGrowingCache({ max: maxKnown, runtime })
  }

  /**
   * Reads the session of a request. If it has brought old cookies, and no session of ours, the old one is taken over: but not by our
   * routes that begin and end sessions, which must work whatever comes of that.
   *
   * @throws {SessionError} `session_store_unavailable`, or rejects with it: nothing is lost, the next request tries again;
   *   `headers_already_sent` if `onLogin` has responded
   * @throws {ProviderError} the same, if the keys of the provider are unavailable
   * @throws {ConfigurationError} `invalid_options` for what `onLogin` has returned
   */
  bind(call: MigrationCall): MaybePromise<SessionBinding> {
    const { httpRequest, res, storage } = call
    if (this.#rp.runtime.now() >= this.#until) return bindSession(this.#binding, storage, httpRequest, res)
    if (this.#cookies.areIn(httpRequest.cookies)) return this.#bindOld(call)
    return whenDone(bindSession(this.#binding, storage, httpRequest, res), (session) => {
      this.#settle(session.current())
      return session
    })
  }

  async #bindOld(call: MigrationCall): Promise<SessionBinding> {
    const { httpRequest, storage, res } = call
    const startedAt = this.#rp.runtime.now()
    const open = once(() => this.#opened(httpRequest))
    const old = { spend: () => this.#spend(open, storage), removals: () => this.#cookies.removals(httpRequest.cookies) }
    const bound = (reading: Pick<SessionReading, 'found' | 'isTakenOver'>): BoundSession =>
      new BoundSession(this.#binding, httpRequest, res, { storage, startedAt, ...reading })
    const found = await storage.read(httpRequest.cookies, httpRequest)
    this.#settle(storedSessionIn(found)?.record)
    if (found !== undefined || this.#isForeign(httpRequest) || this.#isOwnRoute(httpRequest))
      return new MigratingSession(bound({ found }), old, res)
    const opened = await open()
    const { record, isOver, failure }: Taken =
      opened === undefined ? { isOver: false } : await this.#takingOver.take(call, opened)
    if (record !== undefined) this.#known.set(record.id, 'begun')
    const taken =
      record === undefined ? { found: undefined } : { found: { record, outdatedKey: false }, isTakenOver: true }
    const migrating = new MigratingSession(bound(taken), { ...old, failure }, res)
    if (isOver) migrating.removeOld()
    return migrating
  }

  // The old cookie may be SameSite=None: then pages of other sites send it too, with requests that ours would not come with.
  #isForeign(httpRequest: HttpRequest): boolean {
    const site = httpRequest.header('sec-fetch-site')
    if (site !== undefined) return site === 'cross-site' && !isNavigation(httpRequest)
    const origin = httpRequest.header('origin')
    return origin !== undefined && origin !== baseUrlOf(this.#rp.baseUrls, httpRequest).origin
  }

  #isOwnRoute(httpRequest: HttpRequest): boolean {
    const base = baseUrlOf(this.#rp.baseUrls, httpRequest)
    const { login, callback, logout } = base.paths
    return [login, callback, logout].includes(publicPath(base, httpRequest.path))
  }

  async #opened(httpRequest: HttpRequest): Promise<OldSession | undefined> {
    const value = this.#cookies.read(httpRequest.cookies, httpRequest)
    return value === undefined ? undefined : this.#open(value)
  }

  // A session that it was exchanged for ends too: the browser may get its cookie after this.
  async #spend(open: () => Promise<OldSession | undefined>, storage: SessionStorage): Promise<void> {
    const old = await open()
    const exchanged = old === undefined ? undefined : await this.#spent.spend(old)
    if (exchanged !== undefined) await endSessions(this.#binding, storage, [exchanged])
  }

  // Once in each process. Tokens of a session that was taken over are of unknown age, until they are renewed.
  #settle(record: SessionRecord | undefined): void {
    if (record === undefined) return
    const known = this.#known.get(record.id)
    const isTakenOver = known === 'begun' || record.tokens.obtainedAt === undefined
    if (!isTakenOver || known === 'settled') return
    this.#known.set(record.id, 'settled')
    this.#spent.settle(record).catch(() => this.#known.delete(record.id))
  }
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => (result ??= work())
}
