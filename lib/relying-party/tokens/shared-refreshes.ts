import type { MaybePromise } from '../../base/maybe-promise.js'
import { nowSeconds, type Runtime } from '../../base/runtime.js'
import { storeName } from '../../base/store/store-name.js'
import type { SharedStore } from '../../options/common/stores.js'
import { createNamedSeals, type Seal } from '../../seal/seal.js'
import { withLock } from '../../session/shared/lock.js'
import { fromPayload, type SessionRecord, toPayload } from '../../session/record.js'
import {
  isNews,
  maxChain,
  type RefreshCoordinator,
  type RefreshOutcome,
  type Refreshes,
  renewedRecord,
  type RefreshOnce,
  type RefreshAttempt,
  successorSeconds,
} from './refreshes.js'

/** The shared store for refreshes, and the secrets that encrypt tokens there. */
interface SharedRefreshesSettings {
  /** Absent if it comes with each request. */
  readonly sharedStore: SharedStore | undefined
  readonly runtime: Runtime
  readonly secrets: readonly string[]
  /** Distinguishes this application from others in the same store: issuer and client. */
  readonly audience: readonly string[]
  readonly httpTimeoutSeconds: number
}

/** A session's refresh token, and the store for its outcome. */
interface SharedToken {
  readonly sharedStore: SharedStore
  readonly record: SessionRecord
  readonly refreshToken: string
}

type Renewed = RefreshOutcome & { readonly kind: 'renewed' }

/**
 * Ensures that a refresh token is used once among all processes: one process uses it while it holds a lock, and shares
 * the encrypted outcome.
 */
export class SharedRefreshes implements Refreshes {
  readonly #local: RefreshCoordinator
  readonly #settings: SharedRefreshesSettings
  // Keys depend on the session ID, which only browsers have: store and secret together are not enough to decrypt.
  readonly #seals: (id: string) => Seal

  constructor(local: RefreshCoordinator, settings: SharedRefreshesSettings) {
    const { secrets, audience, runtime } = settings
    this.#local = local
    this.#settings = settings
    this.#seals = createNamedSeals(secrets, ['renewed tokens', ...audience], runtime)
  }

  refreshOnce(record: SessionRecord, attempt: RefreshAttempt, refresh: RefreshOnce): Promise<RefreshOutcome> {
    const sharedStore = this.#settings.sharedStore ?? attempt.sharedStore
    if (sharedStore === undefined) return this.#local.refreshOnce(record, attempt, refresh)
    return this.#local.refreshOnce(record, attempt, () =>
      this.#refreshWithLock({ sharedStore, record, refreshToken: attempt.refreshToken }, refresh),
    )
  }

  get count(): number {
    return this.#local.count
  }

  latest(record: SessionRecord): SessionRecord {
    return this.#local.latest(record)
  }

  loadSuccessors(record: SessionRecord, sharedStore?: SharedStore): MaybePromise<void> {
    const shared = this.#settings.sharedStore ?? sharedStore
    return shared === undefined ? undefined : this.#loadSuccessors(shared, record)
  }

  mayReplaceRefused(record: SessionRecord, target: string): boolean {
    return this.#local.mayReplaceRefused(record, target)
  }

  end(record: SessionRecord): void {
    this.#local.end(record)
  }

  hasEnded(record: SessionRecord): boolean {
    return this.#local.hasEnded(record)
  }

  // Failures are ignored: a request that needs a newer token will refresh. It follows a chain, since requests for
  // several targets quickly create several successors.
  async #loadSuccessors(sharedStore: SharedStore, record: SessionRecord): Promise<void> {
    let newest = record
    for (let steps = 0; steps < maxChain; steps += 1) {
      const { refreshToken } = newest.tokens
      if (refreshToken === undefined) return
      const outcome = await this.#readSuccessor({ sharedStore, record: newest, refreshToken }).catch(() => undefined)
      if (outcome === undefined) return
      this.#local.remember(newest, refreshToken, outcome)
      newest = renewedRecord(newest, outcome)
    }
  }

  #refreshWithLock(shared: SharedToken, refresh: RefreshOnce): Promise<RefreshOutcome> {
    const { runtime, httpTimeoutSeconds } = this.#settings
    // A live holder renews its lock for as long as the provider takes.
    const milliseconds = Math.ceil(4 * httpTimeoutSeconds * 1000)
    const options = {
      milliseconds,
      waitMilliseconds: milliseconds,
      until: () => this.#readSuccessor(shared),
    }
    return withLock<RefreshOutcome>(
      shared.sharedStore,
      runtime,
      this.#name('refresh', shared),
      options,
      async (lock) => {
        const outcome = await refresh(() => lock.confirm())
        if (outcome.kind === 'renewed') await this.#publish(shared, outcome)
        return outcome
      },
    )
  }

  // Failures are ignored: the tokens are valid, and this process remembers them.
  async #publish(shared: SharedToken, outcome: Renewed): Promise<void> {
    const { sharedStore, record } = shared
    const { runtime } = this.#settings
    const { userinfo: _userinfo, userinfoAt: _userinfoAt, ...session } = renewedRecord(record, outcome)
    const renewed = { ...session, data: {} }
    const sealed = this.#seals(record.id).seal(toPayload(renewed, nowSeconds(runtime) + successorSeconds))
    await sharedStore.set(this.#name('renewed', shared), sealed, successorSeconds * 1000).catch(() => undefined)
  }

  async #readSuccessor(shared: SharedToken): Promise<Renewed | undefined> {
    const { sharedStore, record } = shared
    const [sealed] = await sharedStore.get([this.#name('renewed', shared)])
    const opened = sealed === undefined ? undefined : this.#seals(record.id).open(sealed)
    const found = opened === undefined || opened.expired ? undefined : fromPayload(opened.payload)
    if (found?.id !== record.id) return undefined
    const outcome = { kind: 'renewed', tokens: found.tokens, idToken: found.idToken } as const
    return isNews(outcome, record.tokens) ? outcome : undefined
  }

  #name(what: 'refresh' | 'renewed', { record, refreshToken }: SharedToken): string {
    const { audience } = this.#settings
    const parts = record.provider === undefined ? [refreshToken] : [record.provider.key, refreshToken]
    return storeName(what, [audience, ...parts])
  }
}
