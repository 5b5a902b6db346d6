import { nowSeconds } from '../../../base/runtime.js'
import { audit } from '../../../base/audit/audit.js'
import { traced } from '../../../base/diagnostics.js'
import { isDoneWithin } from '../../../base/timers/deadline.js'
import { isOidcError } from '../../../base/error-cause.js'
import { ConfigurationError, type OidcError, ProviderError, SessionError } from '../../../errors.js'
import type { HttpRequest } from '../../../http/request.js'
import type { CompletedLogin } from '../../../options/oidc/callbacks.js'
import type { CheckedResult } from '../../../relying-party/login/code-exchange.js'
import { takeOver } from '../../../relying-party/migration/take-over.js'
import { auditedSession } from '../../../session/audited-session.js'
import { extendIdleLimit, isAlive } from '../../../session/lifetime.js'
import type { OldSession } from '../../../session/migration/old-session.js'
import { RefusedSessions } from '../../../session/migration/refused-sessions.js'
import type { SpentSessions } from '../../../session/migration/spent-sessions.js'
import type { SessionRecord } from '../../../session/record.js'
import { unlessEnded } from '../../../session/revocation/revocations.js'
import type { SessionStorage } from '../../../session/storage/storage.js'
import type { WebRelyingParty } from '../../providers/relying-parties.js'
import { answeredByOnLogin, loginResult } from '../../routes/login-result.js'
import type { NodeRequest, NodeResponse } from '../../types.js'
import type { BindingSettings, LoginFailure } from '../identity.js'
import { endSessions } from '../session-end.js'

/** A request, and where its session is kept. */
export interface MigrationCall {
  readonly httpRequest: HttpRequest
  readonly req: NodeRequest
  readonly res: NodeResponse
  readonly storage: SessionStorage
}

/** What came of an old session; its cookies are removed, unless it may still be of use. */
export interface Taken {
  readonly record?: SessionRecord
  readonly isOver: boolean
  /** What `onLogin` has thrown. */
  readonly failure?: LoginFailure
}

// Until a failed onLogin is called again for the same session.
const pauseSeconds = 10
// Requests that come together do not ask for keys one after another.
const throttledSeconds = 1
const maxWaitMilliseconds = 10_000

/** Takes over old sessions: each of them once, whichever requests bring it. */
export class TakingOver {
  readonly #rp: WebRelyingParty
  readonly #binding: BindingSettings
  readonly #spent: SpentSessions
  readonly #refused: RefusedSessions<Taken>
  // Stores and the provider answer or fail, and an onLogin that does neither is waited for only so long: the map needs no limit.
  readonly #running = new Map<string, Promise<Taken>>()

  constructor(rp: WebRelyingParty, binding: BindingSettings, spent: SpentSessions) {
    this.#rp = rp
    this.#binding = binding
    this.#spent = spent
    this.#refused = new RefusedSessions(rp.runtime)
  }

  /**
   * Takes an old session over, or finds what it was exchanged for. Requests of the same moment wait for the first one.
   *
   * @throws {SessionError} `session_store_unavailable`; `headers_already_sent` if `onLogin` has responded
   * @throws {ProviderError} it is not known whether the old session is valid
   * @throws {ConfigurationError} `invalid_options` for what `onLogin` has returned
   */
  async take(call: MigrationCall, old: OldSession): Promise<Taken> {
    const name = this.#spent.nameOf(old)
    const running = this.#running.get(name)
    if (running !== undefined) {
      const isDone = await isDoneWithin(running.catch(throwOutage), maxWaitMilliseconds)
      if (!isDone) this.#forget(name, running)
      const known =
        this.#refused.find(old) ??
        (await this.#exchanged(call, old).catch((error: unknown) => this.#refuse(old, error)))
      return known ?? this.take(call, old)
    }
    const taking = this.#attempt(call, old).finally(() => this.#forget(name, taking))
    this.#running.set(name, taking)
    return taking
  }

  #forget(name: string, taking: Promise<Taken>): void {
    if (this.#running.get(name) === taking) this.#running.delete(name)
  }

  // Why an old session does not count is for tracing channels: for the person, nobody is signed in.
  async #attempt(call: MigrationCall, old: OldSession): Promise<Taken> {
    const refused = this.#refused.find(old)
    if (refused !== undefined) return refused
    const login: LoginAttempt = {}
    try {
      return await traced('session', this.#rp.configuration, async (notes) => {
        const taken = (await this.#exchanged(call, old)) ?? (await this.#make(call, old, login))
        if (notes !== undefined) notes.remarks = ['migrated']
        return taken
      })
    } catch (error) {
      return login.failure === undefined ? this.#refuse(old, error) : this.#pause(call, old, login.failure)
    }
  }

  // The application has failed, and not the person: nobody is signed in until it has come back. If it has responded all the same,
  // the request must not go on.
  #pause(call: MigrationCall, old: OldSession, failure: LoginFailure): Taken {
    const failed = { isOver: false, failure }
    this.#refused.add(old, failed, pauseSeconds)
    if (isAnswered(call)) throw failure.error
    return failed
  }

  #refuse(old: OldSession, error: unknown): Taken {
    if (!isOidcError(error) || isMistake(error)) {
      this.#refused.add(old, { isOver: false, failure: { error } }, pauseSeconds)
      throw error
    }
    if (isOutage(error)) throw error
    const refusal = { isOver: isOverAfter.includes(error.code) }
    if (error.code === 'provider_keys_throttled') this.#refused.add(old, refusal, throttledSeconds)
    else if (error.code !== 'session_missing') this.#refused.add(old, refusal)
    return refusal
  }

  async #make(call: MigrationCall, old: OldSession, login: LoginAttempt): Promise<Taken> {
    const { httpRequest, storage } = call
    const { runtime, revocations, configuration } = this.#rp
    const made = await takeOver(this.#rp, old, httpRequest.target, (completed) => this.#start(completed, call, login))
    if ((await unlessEnded(revocations, runtime, made)) === undefined) throw spent()
    const { countsAsUse, limits, listed } = this.#binding
    const used = countsAsUse(httpRequest) ? extendIdleLimit(made, limits, nowSeconds(runtime)) : made
    const record = (await listed?.enter(used, configuration, httpRequest)) ?? used
    try {
      const saved = await storage.save(record, undefined)
      // Whether it fits into cookies is to be known before the old session is spent.
      storage.write(saved, httpRequest.cookies)
      if (await this.#spent.exchange(old, saved)) {
        audit(() => ({ name: 'session_migrated', of: configuration, ...auditedSession(saved) }))
        return { record: saved, isOver: true }
      }
      await endSessions(this.#binding, storage, [saved])
    } catch (error) {
      await listed?.leave(record)
      throw error
    }
    return (await this.#exchanged(call, old)) ?? { isOver: true }
  }

  /** The session that another request has exchanged the old one for. */
  async #exchanged({ storage }: MigrationCall, old: OldSession): Promise<Taken | undefined> {
    const known = await this.#spent.find(old)
    if (known === undefined) return undefined
    const record = known === 'spent' ? undefined : await storage.find(known)
    if (record === undefined || !isAlive(record, this.#binding.limits, this.#rp.runtime.now() / 1000)) throw spent()
    return { record, isOver: true }
  }

  async #start(completed: CompletedLogin, call: MigrationCall, login: LoginAttempt): Promise<CheckedResult | false> {
    const { onLogin } = this.#rp.configuration
    let returned: unknown
    try {
      returned = await onLogin?.(completed, call.req)
    } catch (error) {
      login.failure = { error }
      throw error
    }
    if (isAnswered(call)) throw answeredByOnLogin()
    return loginResult(returned)
  }
}

/** A call of `onLogin`. */
interface LoginAttempt {
  failure?: LoginFailure
}

function isAnswered({ res }: MigrationCall): boolean {
  return res.headersSent || res.writableEnded
}

// Other old sessions may still be of use: to processes of the old application, or here, once a clock or a key is right again.
const isOverAfter: readonly string[] = ['session_missing', 'login_refused']

// Where keys were asked for too often lately, it is most likely that the key of an old ID Token is gone.
function isOutage(error: OidcError): boolean {
  if (error instanceof ProviderError) return error.code !== 'provider_keys_throttled'
  return error instanceof SessionError && error.code === 'session_store_unavailable'
}

function isMistake(error: OidcError): boolean {
  return error instanceof ConfigurationError || error.code === 'headers_already_sent'
}

function throwOutage(error: unknown): void {
  if (isOidcError(error) && isOutage(error)) throw error
}

function spent(): SessionError {
  return new SessionError('session_missing', 'the old session was taken over before, or ended by a logout')
}
