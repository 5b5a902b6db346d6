import onHeaders from 'on-headers'
import { type MaybePromise, whenDone } from '../../../base/maybe-promise.js'
import type { SessionRecord } from '../../../session/record.js'
import { finishHeaders } from '../../http/respond.js'
import type { NodeResponse } from '../../types.js'
import type { LoginFailure, SessionBinding } from '../identity.js'

/** The old cookies of a request. */
export interface BroughtCookies {
  /** Has the old session count no longer. */
  spend(): MaybePromise<void>
  /** `Set-Cookie` values that remove the cookies. */
  removals(): readonly string[]
  readonly failure?: LoginFailure | undefined
}

/** The session of a request that has brought old cookies: a login or a logout ends the old session too. */
export class MigratingSession implements SessionBinding {
  readonly #inner: SessionBinding
  readonly #old: BroughtCookies
  readonly #res: NodeResponse
  #isRemoving = false

  constructor(inner: SessionBinding, old: BroughtCookies, res: NodeResponse) {
    this.#inner = inner
    this.#old = old
    this.#res = res
  }

  get failure(): LoginFailure | undefined {
    return this.#old.failure
  }

  get sharedStore(): SessionBinding['sharedStore'] {
    return this.#inner.sharedStore
  }

  current(): SessionRecord | undefined {
    return this.#inner.current()
  }

  // Before the change, so that the old session never outlives it.
  store(record: SessionRecord): MaybePromise<void> {
    if (this.#inner.current()?.id === record.id) return this.#inner.store(record)
    return whenDone(this.#end(), () => this.#inner.store(record))
  }

  clear(): MaybePromise<void> {
    return whenDone(this.#end(), () => this.#inner.clear())
  }

  others(): readonly SessionRecord[] {
    return this.#inner.others()
  }

  reload(): MaybePromise<SessionRecord | undefined> {
    return this.#inner.reload()
  }

  keepPrivate(): void {
    this.#inner.keepPrivate()
  }

  canStore(): boolean {
    return this.#inner.canStore()
  }

  /** Removes the old cookies with the response. */
  removeOld(): void {
    if (this.#isRemoving) return
    this.#isRemoving = true
    onHeaders(this.#res, () => finishHeaders(this.#res, this.#old.removals(), false))
  }

  #end(): MaybePromise<void> {
    return whenDone(this.#old.spend(), () => this.removeOld())
  }
}
