import { audit } from '../../../base/audit/audit.js'
import { traced } from '../../../base/diagnostics.js'
import { isOidcError } from '../../../base/error-cause.js'
import { ProviderError, SessionError } from '../../../errors.js'
import { isNavigation } from '../../../http/fetch-metadata.js'
import type { HttpRequest } from '../../../http/request.js'
import { isUnderWay, type MigrateFromConfiguration } from '../../../options/oidc/migration/migrate-from.js'
import type { CompletedLogin } from '../../../options/oidc/callbacks.js'
import { baseUrlOf } from '../../../relying-party/base-urls.js'
import type { CheckedResult } from '../../../relying-party/login/code-exchange.js'
import { takeOver } from '../../../relying-party/migration/take-over.js'
import { auditedSession } from '../../../session/audited-session.js'
import { extendIdleLimit } from '../../../session/lifetime.js'
import { createOldSessions, type OpenOldSession } from '../../../session/migration/express-openid-connect.js'
import { OldCookies } from '../../../session/migration/old-cookies.js'
import type { OldSession } from '../../../session/migration/old-session.js'
import { SpentSessions } from '../../../session/migration/spent-sessions.js'
import type { SessionRecord } from '../../../session/record.js'
import { unlessEnded } from '../../../session/revocation/revocations.js'
import type { FoundSession, SessionStorage } from '../../../session/storage/storage.js'
import type { SharedStore } from '../../../options/common/stores.js'
import { answeredByOnLogin, loginResult } from '../../routes/login-result.js'
import type { WebRelyingParty } from '../../providers/relying-parties.js'
import type { NodeRequest, NodeResponse } from '../../types.js'
import type { BindingSettings, SessionBinding } from '../identity.js'
import { BoundSession } from '../response-session.js'
import { endSessions } from '../session-end.js'
import { MigratingSession } from './migrating-session.js'

/** A request, and where its session is kept. */
export interface MigrationCall {
  readonly httpRequest: HttpRequest
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly storage: SessionStorage
}

interface Brought extends MigrationCall {
  readonly open: () => Promise<OldSession | undefined>
}

/** What came of an old session; its cookies are removed, unless it may still be of use. */
interface Taken {
  readonly record?: SessionRecord
  readonly isNew?: boolean
  readonly isOver: boolean
}

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

/** Takes over sessions of another package, at the first request that brings one. */
export class Migration {
  readonly #rp: WebRelyingParty
  readonly #binding: BindingSettings
  readonly #until: number
  readonly #cookies: OldCookies
  readonly #open: OpenOldSession
  readonly #spent: SpentSessions

  constructor(
    rp: WebRelyingParty,
    binding: BindingSettings,
    settings: MigrateFromConfiguration,
    sharedStore: SharedStore,
  ) {
    const { secret: secrets, session } = rp.configuration
    this.#rp = rp
    this.#binding = binding
    this.#until = settings.until
    this.#cookies = new OldCookies(settings.cookie, rp.baseUrls.secure)
    this.#open = createOldSessions(settings, session.storeTimeoutSeconds)
    this.#spent = new SpentSessions({ sharedStore, runtime: rp.runtime, secrets, audience: rp.audience })
  }

  /** Whether a request has brought old cookies, and they may still count. */
  isBroughtBy({ cookies }: HttpRequest): boolean {
    return this.#cookies.areIn(cookies) && this.#rp.runtime.now() < this.#until
  }

  /**
   * Reads the session of a request that has brought old cookies, and takes the old one over if there is no other.
   *
   * @throws {SessionError} `session_store_unavailable`: nothing is lost, the next request tries again
   * @throws {ProviderError} the same, if the keys of the provider are unavailable
   */
  async bind(call: MigrationCall): Promise<SessionBinding> {
    const { httpRequest, storage, res } = call
    const startedAt = this.#rp.runtime.now()
    const inner = (found: FoundSession): BoundSession =>
      new BoundSession(this.#binding, httpRequest, res, { storage, found, startedAt })
    const brought: Brought = { ...call, open: once(() => this.#opened(httpRequest)) }
    const old = {
      spend: async () => {
        const opened = await brought.open()
        if (opened !== undefined) await this.#spent.spend(opened)
      },
      removals: () => this.#cookies.removals(httpRequest.cookies),
    }
    const found = await storage.read(httpRequest.cookies, httpRequest)
    if (found !== undefined || this.#isForeign(httpRequest)) return new MigratingSession(inner(found), old, res)
    const { record, isNew = false, isOver = false } = (await this.#takenOrNothing(brought)) ?? {}
    const session = inner(record === undefined || isNew ? undefined : { record, outdatedKey: true })
    if (record !== undefined && isNew) await this.#begin(brought, record, session)
    const migrating = new MigratingSession(session, old, res)
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

  async #opened(httpRequest: HttpRequest): Promise<OldSession | undefined> {
    const value = this.#cookies.read(httpRequest.cookies, httpRequest)
    return value === undefined ? undefined : this.#open(value)
  }

  // Why an old session does not count is for tracing channels: for the person, nobody is signed in.
  async #takenOrNothing(brought: Brought): Promise<Taken | undefined> {
    const old = await brought.open()
    if (old === undefined) return undefined
    try {
      return await traced('session', this.#rp.configuration, async (notes) => {
        const taken = await this.#take(brought, old)
        if (notes !== undefined) notes.remarks = ['migrated']
        return taken
      })
    } catch (error) {
      if (!isOidcError(error) || mayPass(error) || error.code === 'invalid_options') throw error
      return { isOver: isOverAfter.includes(error.code) }
    }
  }

  async #take(brought: Brought, old: OldSession): Promise<Taken> {
    const shared = await this.#shared(brought, old)
    if (shared !== undefined) return shared
    const { req, res, httpRequest, storage } = brought
    const made = await takeOver(this.#rp, old, httpRequest.target, (login) => this.#start(login, req, res))
    const { runtime, revocations } = this.#rp
    if ((await unlessEnded(revocations, runtime, made)) === undefined) throw spent()
    const { countsAsUse, limits, listed } = this.#binding
    const now = Math.floor(runtime.now() / 1000)
    const used = countsAsUse(httpRequest) ? extendIdleLimit(made, limits, now) : made
    // Whether it fits into cookies is to be known before the old session is spent.
    storage.write(used, httpRequest.cookies)
    const record = (await listed?.enter(used, this.#rp.configuration, httpRequest)) ?? used
    try {
      const saved = await storage.save(record, undefined)
      if (await this.#spent.exchange(old, saved)) return { record: saved, isNew: true, isOver: true }
      await endSessions(this.#binding, storage, [saved])
    } catch (error) {
      await listed?.leave(record)
      throw error
    }
    return (await this.#shared(brought, old)) ?? { isOver: true }
  }

  /** The session that another request has exchanged the old one for. */
  async #shared({ storage }: Brought, old: OldSession): Promise<Taken | undefined> {
    const known = await this.#spent.find(old)
    if (known === undefined) return undefined
    const record = known === 'spent' ? undefined : await storage.find(known)
    if (record === undefined) throw spent()
    return { record, isOver: true }
  }

  async #begin({ open }: Brought, record: SessionRecord, session: SessionBinding): Promise<void> {
    try {
      await session.store(record)
    } catch (error) {
      const old = await open()
      if (old !== undefined) await this.#spent.undo(old).catch(() => undefined)
      throw error
    }
    const { configuration: of } = this.#rp
    audit(() => ({ name: 'session_migrated', of, ...auditedSession(record) }))
  }

  async #start(login: CompletedLogin, req: NodeRequest, res: NodeResponse): Promise<CheckedResult | false> {
    const { onLogin } = this.#rp.configuration
    const returned: unknown = await onLogin?.(login, req)
    if (res.headersSent || res.writableEnded) throw answeredByOnLogin()
    return loginResult(returned)
  }
}

// Other old sessions may still be of use: to processes of the old application, or here, once a clock or a key is right again.
const isOverAfter: readonly string[] = ['session_missing', 'login_refused']

function mayPass(error: unknown): boolean {
  return error instanceof ProviderError || (error instanceof SessionError && error.code === 'session_store_unavailable')
}

function spent(): SessionError {
  return new SessionError('session_missing', 'the old session was taken over before, or ended by a logout')
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => (result ??= work())
}
