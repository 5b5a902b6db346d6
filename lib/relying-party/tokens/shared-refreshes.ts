import type { MaybePromise } from '../../base/maybe-promise.js'
import type { Runtime } from '../../base/runtime.js'
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
  refreshTokenKey,
  renewedRecord,
  type RefreshOnce,
  type RefreshAttempt,
} from './refreshes.js'

/** What processes need to share so that a refresh token is spent once. */
export interface SharedRefreshesSettings {
  /** Absent where it comes with each request. */
  readonly sharedStore: SharedStore | undefined
  readonly runtime: Runtime
  readonly secrets: readonly string[]
  /** What tells this application from others that use the same memory: issuer and client. */
  readonly audience: readonly string[]
  readonly httpTimeoutSeconds: number
}

/**
 * How long successors are kept: a browser whose cookie holds the old refresh token, because an older response came last,
 * gets the new one with any request in that time.
 */
const successorSeconds = 600

/** A refresh token of a session, and where processes tell each other of it. */
interface SharedToken {
  readonly sharedStore: SharedStore
  readonly record: SessionRecord
  readonly refreshToken: string
}

type Renewed = RefreshOutcome & { readonly kind: 'renewed' }

/** Spends refresh tokens once among all processes: one does it under a lock, and leaves what came of it, sealed, for the others. */
export class SharedRefreshes implements Refreshes {
  readonly #local: RefreshCoordinator
  readonly #settings: SharedRefreshesSettings
  // Whoever has the memory and the secret still lacks the ids, which only browsers hold.
  readonly #seals: (id: string) => Seal

  constructor(local: RefreshCoordinator, settings: SharedRefreshesSettings) {
    const { secrets, audience, runtime } = settings
    this.#local = local
    this.#settings = settings
    this.#seals = createNamedSeals(secrets, ['renewed tokens', ...audience], runtime)
  }

  refreshOnce(record: SessionRecord, spending: RefreshAttempt, spend: RefreshOnce): Promise<RefreshOutcome> {
    const sharedStore = this.#settings.sharedStore ?? spending.sharedStore
    if (sharedStore === undefined) return this.#local.refreshOnce(record, spending, spend)
    return this.#local.refreshOnce(record, spending, () =>
      this.#spendAlone({ sharedStore, record, refreshToken: spending.refreshToken }, spend),
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
    return shared === undefined ? undefined : this.#learn(shared, record)
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

  // Where it cannot be told, whoever needs a newer token finds out. Tokens for several targets make a chain in no time.
  async #learn(sharedStore: SharedStore, record: SessionRecord): Promise<void> {
    let newest = record
    for (let steps = 0; steps < maxChain; steps += 1) {
      const { refreshToken } = newest.tokens
      if (refreshToken === undefined) return
      const outcome = await this.#successor({ sharedStore, record: newest, refreshToken }).catch(() => undefined)
      if (outcome === undefined) return
      this.#local.remember(newest, refreshToken, outcome)
      newest = renewedRecord(newest, outcome)
    }
  }

  #spendAlone(shared: SharedToken, spend: RefreshOnce): Promise<RefreshOutcome> {
    const { runtime, httpTimeoutSeconds } = this.#settings
    // A holder that lives renews its lock, for as long as the provider takes.
    const milliseconds = Math.ceil(4 * httpTimeoutSeconds * 1000)
    const options = {
      milliseconds,
      waitMilliseconds: milliseconds,
      until: () => this.#successor(shared),
    }
    return withLock<RefreshOutcome>(
      shared.sharedStore,
      runtime,
      this.#name('refresh', shared),
      options,
      async (lock) => {
        const outcome = await spend(() => lock.confirm())
        if (outcome.kind === 'renewed') await this.#publish(shared, outcome)
        return outcome
      },
    )
  }

  // The tokens are there, come what may: where others cannot be told, this process remembers them.
  async #publish(shared: SharedToken, outcome: Renewed): Promise<void> {
    const { sharedStore, record } = shared
    const { runtime } = this.#settings
    const renewed = { ...renewedRecord(record, outcome), data: {} }
    const sealed = this.#seals(record.id).seal(toPayload(renewed, Math.floor(runtime.now() / 1000) + successorSeconds))
    await sharedStore.set(this.#name('renewed', shared), sealed, successorSeconds * 1000).catch(() => undefined)
  }

  async #successor(shared: SharedToken): Promise<Renewed | undefined> {
    const { sharedStore, record } = shared
    const [sealed] = await sharedStore.get([this.#name('renewed', shared)])
    const opened = sealed === undefined ? undefined : this.#seals(record.id).open(sealed)
    const found = opened === undefined || opened.expired ? undefined : fromPayload(opened.payload)
    if (found?.id !== record.id) return undefined
    const outcome = { kind: 'renewed', tokens: found.tokens, idToken: found.idToken } as const
    return isNews(outcome, record.tokens) ? outcome : undefined
  }

  #name(what: string, { refreshToken }: SharedToken): string {
    return `${what}:${refreshTokenKey(JSON.stringify([this.#settings.audience, refreshToken]))}`
  }
}
