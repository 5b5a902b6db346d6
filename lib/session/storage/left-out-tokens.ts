import { LRUCache } from 'lru-cache'
import { type MaybePromise, whenDone } from '../../base/maybe-promise.js'
import { nowSeconds, type Runtime } from '../../base/runtime.js'
import { storeName } from '../../base/store/store-name.js'
import type { SharedStore } from '../../options/common/stores.js'
import { createNamedSeals, type Seal } from '../../seal/seal.js'
import type { SessionRecord } from '../record.js'

// Each may be several kilobytes.
const maxSessions = 1_000
const maxSeconds = 3_600
const formatVersion = 1

/** Where omitted tokens are kept, and which secrets encrypt them there. */
interface LeftOutTokensSettings {
  readonly runtime: Runtime
  readonly secrets: readonly string[]
  /** Distinguishes this application from others in the same store: issuer and client. */
  readonly audience: readonly string[]
  readonly sharedStore?: SharedStore | undefined
}

/**
 * Keeps access tokens that cookies had no room for, in this process and in the shared store if there is one. Without
 * it, every request would have to use the refresh token to get a token that it has already brought.
 */
export class LeftOutTokens {
  readonly #settings: LeftOutTokensSettings
  readonly #tokens: LRUCache<string, SessionRecord['tokens']>
  // Keys depend on the session ID, which only browsers have: store and secret together are not enough to decrypt.
  readonly #seals: (id: string) => Seal

  constructor(settings: LeftOutTokensSettings) {
    const { runtime, secrets, audience } = settings
    this.#settings = settings
    this.#seals = createNamedSeals(secrets, ['left out tokens', ...audience], runtime)
    const bounds = { max: maxSessions, ttl: maxSeconds * 1000, perf: runtime, ttlResolution: 0 }
    this.#tokens = new LRUCache(bounds)
  }

  /** Keeps the access token that the cookie omits. If it cannot be shared, other processes refresh. */
  keep(record: SessionRecord): void {
    const { id, tokens } = record
    if (tokens.accessToken === '') return
    this.#tokens.set(id, tokens)
    const { sharedStore, runtime } = this.#settings
    if (sharedStore === undefined) return
    const exp = nowSeconds(runtime) + maxSeconds
    const sealed = this.#seals(id).seal({ v: formatVersion, exp, act: tokens.accessToken })
    sharedStore.set(this.#name(record), sealed, maxSeconds * 1000).catch(() => undefined)
  }

  /** Adds the access token that the cookie omits, if this process has it. */
  restoreLocal(record: SessionRecord): SessionRecord {
    const { id, tokens } = record
    if (tokens.accessToken !== '') return record
    const known = this.#tokens.get(id)
    const isSame = known?.refreshToken === tokens.refreshToken && known?.obtainedAt === tokens.obtainedAt
    return known?.accessToken === undefined || !isSame ? record : withAccessToken(record, known.accessToken)
  }

  /** Adds the access token that the cookie omits, if another process has shared it. */
  restoreShared(record: SessionRecord): MaybePromise<SessionRecord> {
    if (record.tokens.accessToken !== '' || this.#settings.sharedStore === undefined) return record
    return whenDone(
      this.#loadShared(record, this.#settings.sharedStore).catch(() => undefined),
      (accessToken) => {
        if (accessToken === undefined) return record
        const whole = withAccessToken(record, accessToken)
        this.#tokens.set(record.id, whole.tokens)
        return whole
      },
    )
  }

  /** Forgets the token of a session that has ended. */
  forget(record: SessionRecord): void {
    const wasKept = this.#tokens.delete(record.id) || record.tokens.accessToken === ''
    if (wasKept) this.#settings.sharedStore?.remove(this.#name(record)).catch(() => undefined)
  }

  async #loadShared(record: SessionRecord, sharedStore: SharedStore): Promise<string | undefined> {
    const [sealed] = await sharedStore.get([this.#name(record)])
    const opened = sealed === undefined ? undefined : this.#seals(record.id).open(sealed)
    if (opened === undefined || opened.expired || opened.payload['v'] !== formatVersion) return undefined
    const accessToken = opened.payload['act']
    return typeof accessToken === 'string' ? accessToken : undefined
  }

  // The name includes the refresh token, because the access token belongs to exactly this one.
  #name({ id, tokens: { refreshToken, obtainedAt } }: SessionRecord): string {
    return storeName('left-out', [this.#settings.audience, id, refreshToken, obtainedAt])
  }
}

function withAccessToken(record: SessionRecord, accessToken: string): SessionRecord {
  return { ...record, tokens: { ...record.tokens, accessToken } }
}
