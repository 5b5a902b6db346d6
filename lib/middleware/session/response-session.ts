import onHeaders from 'on-headers'
import { SessionError } from '../../errors.js'
import type { HttpRequest } from '../../http/request.js'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import { extendIdleLimit } from '../../session/lifetime.js'
import { withConcurrent } from '../../session/merge.js'
import { type FoundSession, storedSessionIn, recordsIn, type SessionStorage } from '../../session/storage/storage.js'
import type { SessionRecord } from '../../session/record.js'
import type { BindingSettings, SessionBinding, SessionReading } from './identity.js'
import { endSessions, noteEnd } from './session-end.js'
import { finishHeaders, isGone, unlessRepeated } from '../http/respond.js'
import { lookUntilSent, ResponseTime } from '../http/slow-response.js'
import type { NodeResponse } from '../types.js'

/**
 * Binds a response to the session of its request. Cookies are added when headers are written, however the response ends. An
 * unchanged session writes none. Without a session, headers are not even watched.
 *
 * @throws {SessionError} `session_store_unavailable`, or rejects with it: it is not known whether someone is signed in
 */
export function bindSession(
  settings: BindingSettings,
  storage: SessionStorage,
  httpRequest: HttpRequest,
  res: NodeResponse,
): MaybePromise<SessionBinding> {
  const startedAt = settings.runtime.now()
  return whenDone(
    storage.read(httpRequest.cookies, httpRequest),
    (found) => new BoundSession(settings, httpRequest, res, { storage, found, startedAt }),
  )
}

/** See {@link bindSession}. */
export class BoundSession implements SessionBinding {
  readonly sharedStore: SessionBinding['sharedStore']
  readonly #settings: BindingSettings
  readonly #storage: SessionStorage
  readonly #httpRequest: HttpRequest
  readonly #res: NodeResponse
  readonly #time: ResponseTime
  readonly #found: FoundSession
  /** Whether the request extends the idle limit. */
  readonly #isUse: boolean
  #record: SessionRecord | undefined
  /** The record as stored, without the changes of this request. */
  #base: SessionRecord | undefined
  /** Cookies of a change by the application or one of our routes, and the record in them. */
  #changed: { readonly cookies: readonly string[]; readonly record?: SessionRecord } | undefined
  /** All sessions in the cookies: more than one if names were repeated. */
  #opened: readonly SessionRecord[]
  #isWatching = false
  #isPrivate = false
  /** Count of refreshes when the record was last updated from them. */
  #refreshesSeen = 0

  constructor(
    settings: BindingSettings,
    httpRequest: HttpRequest,
    res: NodeResponse,
    { storage, found, startedAt, isTakenOver = false }: SessionReading,
  ) {
    this.#settings = settings
    this.#storage = storage
    this.sharedStore = storage.sharedStore
    this.#httpRequest = httpRequest
    this.#res = res
    this.#time = new ResponseTime(settings.runtime, startedAt)
    this.#found = found
    const kept = storedSessionIn(found)
    this.#record = kept?.record
    this.#isUse = this.#record !== undefined && settings.countsAsUse(httpRequest)
    this.#base = this.#record
    this.#opened = recordsIn(found)
    // The first listener runs last, so no later middleware can let a cache keep a person's cookie.
    if (this.#record !== undefined || unlessRepeated(this.#removals(), httpRequest).length > 0) this.#watchHeaders()
    if (kept !== undefined && (kept.outdatedKey || this.#touched(kept.record) !== kept.record)) this.#lookUntilSent()
    if (isTakenOver && this.#record !== undefined) this.#change(this.#writeIfFitting(this.#record), this.#record)
  }

  // Another request may have renewed the tokens meanwhile: an old refresh token must not get back into the browser.
  current(): SessionRecord | undefined {
    const { refreshes } = this.#settings
    if (this.#record !== undefined && this.#refreshesSeen !== refreshes.count) {
      this.#refreshesSeen = refreshes.count
      this.#record = refreshes.latest(this.#record)
    }
    return this.#record
  }

  reload(): MaybePromise<SessionRecord | undefined> {
    if (this.#record === undefined) return undefined
    return whenDone(this.#storage.find(this.#record), (kept) => kept ?? this.#drop())
  }

  keepPrivate(): void {
    this.#isPrivate = true
  }

  canStore(): boolean {
    return !this.#res.headersSent && !isGone(this.#res)
  }

  store(next: SessionRecord): MaybePromise<void> {
    const begun = this.#record
    const isLogin = begun?.id !== next.id
    return whenDone(this.#saved(this.#touched(next), isLogin ? undefined : this.#base), (saved) => {
      const record = isLogin ? saved : withConcurrent(begun, saved, this.#record)
      const changed = this.#storage.write(record, this.#httpRequest.cookies)
      return whenDone(isLogin ? this.#endAll() : undefined, () => {
        this.#change(changed, record)
        this.#record = record
        this.#base = record
        this.#refreshesSeen = 0
      })
    })
  }

  clear(): MaybePromise<void> {
    return whenDone(this.#endAll(), () => {
      this.#change(this.#removals())
      this.#record = undefined
    })
  }

  others(): readonly SessionRecord[] {
    return this.#opened.filter(({ id }) => id !== this.#record?.id)
  }

  /** What the response does to the cookies. */
  #cookies(): readonly string[] {
    const next = this.current()
    // A logout in another tab must not be undone by a response that was under way.
    if (next !== undefined && this.#settings.refreshes.hasEnded(next)) return []
    if (this.#changed === undefined) return this.#upkeep(next)
    const { cookies, record } = this.#changed
    return next === undefined || next === record ? cookies : this.#writeIfFitting(next)
  }

  #saved(next: SessionRecord, base: SessionRecord | undefined): MaybePromise<SessionRecord> {
    const failed = (error: unknown): never => {
      const isEnded = error instanceof SessionError && error.code === 'session_missing'
      if (isEnded && this.#record?.id === next.id) this.#drop()
      throw error
    }
    try {
      this.#settings.listed?.renew(next, base, this.#httpRequest)
      const saved = this.#storage.save(next, base)
      return saved instanceof Promise ? saved.catch(failed) : saved
    } catch (error) {
      return failed(error)
    }
  }

  // It has ended elsewhere. The browser may already have the cookie of another login, which must not be changed.
  #drop(): undefined {
    this.#record = undefined
    this.#changed = { cookies: [] }
  }

  // Sessions of other people too: a login or logout ends all sessions of the browser.
  #endAll(): MaybePromise<void> {
    const records = this.#record === undefined ? this.others() : [this.#record, ...this.others()]
    return whenDone(endSessions(this.#settings, this.#storage, records), () => {
      this.#opened = []
    })
  }

  #upkeep(current: SessionRecord | undefined): readonly string[] {
    if (this.#found !== undefined && storedSessionIn(this.#found) === undefined) return []
    // Cookies without a session are removed: they would be opened again with every request.
    if (current === undefined)
      return this.#time.isLateToRemove ? [] : unlessRepeated(this.#removals(), this.#httpRequest)
    if (this.#time.isLate) return []
    const next = this.#touched(current)
    const isDue = next !== this.#base || storedSessionIn(this.#found)?.outdatedKey === true
    if (!isDue || this.#base === undefined) return []
    this.#storage.touch(next, this.#base)
    this.#settings.listed?.renew(next, this.#base, this.#httpRequest)
    return this.#writeIfFitting(next)
  }

  #removals(): readonly string[] {
    return this.#storage.clear(this.#httpRequest.cookies, this.#httpRequest)
  }

  #change(cookies: readonly string[], record?: SessionRecord): void {
    this.#changed = { cookies, ...(record === undefined ? {} : { record }) }
    this.#watchHeaders()
    if (record !== undefined && cookies.length > 0) this.#lookUntilSent()
  }

  #watchHeaders(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    onHeaders(this.#res, () => finishHeaders(this.#res, this.#cookies(), this.#isPrivate))
  }

  // If another process has ended the session meanwhile, its cookie could overwrite that of a newer login.
  #lookUntilSent(): void {
    // Where it is late, nothing is written without a change, which looks again.
    const isOfUse = (): boolean => this.#changed !== undefined || !this.#time.isLate
    lookUntilSent(this.#res, () => whenDone(noteEnd(this.#settings, this.#storage, this.#record, this.#time), isOfUse))
  }

  #touched(current: SessionRecord): SessionRecord {
    if (!this.#isUse) return current
    return extendIdleLimit(current, this.#settings.limits, Math.floor(this.#settings.runtime.now() / 1000))
  }

  // Writing headers must not throw: if a lowered limit makes a session too large, it keeps its old cookie.
  #writeIfFitting(record: SessionRecord): readonly string[] {
    try {
      return this.#storage.write(record, this.#httpRequest.cookies)
    } catch {
      return []
    }
  }
}
