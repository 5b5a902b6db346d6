import { LRUCache } from 'lru-cache'
import { isAhead } from '../base/age.js'
import { traced } from '../base/diagnostics.js'
import { isOidcError } from '../base/error-cause.js'
import { isAbsent } from '../base/json.js'
import type { Runtime } from '../base/runtime.js'
import { hasOwnDeadline } from '../base/store/own-deadline.js'
import { storeOutage } from '../base/store/outage.js'
import { storeName } from '../base/store/store-name.js'
import { withDeadline } from '../base/timers/deadline.js'
import type { SessionError } from '../errors.js'
import type { SharedStore } from '../options/common/stores.js'
import { createSeal, type Seal, type SealPayload } from '../seal/seal.js'
import { tokenHash } from './target.js'
import { toCachedToken, type CachedToken } from './token-lifetime.js'

/** Where tokens are shared, and which secrets encrypt them there. */
interface SharedTokensSettings {
  readonly sharedStore: SharedStore
  readonly secrets: readonly string[]
  /**
   * Distinguishes these tokens from others in the same store: issuer, client, the DPoP key that they may be bound to, and the option
   * `params`. A certificate is part of a token's key.
   */
  readonly audience: readonly string[]
  readonly runtime: Runtime
}

/** The state of the shared store. */
export interface SharedStoreHealth {
  /** Whether its last call failed. If so, each process fetches its own tokens. */
  readonly isUnavailable: boolean
  /** How many of its calls have failed so far. */
  readonly failures: number
}

const maxRefused = 1_000
/** The deadline of each call, unless the store keeps one of its own. */
const maxMilliseconds = 2_000
const formatVersion = 1

/**
 * Access tokens that a client's processes share, encrypted. This is an optimisation only: while the store is
 * unavailable, each process fetches its own tokens, and no call fails.
 */
export class SharedTokens {
  readonly #settings: SharedTokensSettings
  readonly #seal: Seal
  /** Hashes of tokens that an API rejected: they may still be in the store, and must not be used again. */
  readonly #refused = new LRUCache<string, true>({ max: maxRefused })
  readonly #isTimed: boolean
  #isUnavailable = false
  #failures = 0

  constructor(settings: SharedTokensSettings) {
    const { secrets, audience, runtime } = settings
    this.#settings = settings
    this.#isTimed = hasOwnDeadline(settings.sharedStore)
    this.#seal = createSeal(secrets, ['machine token', ...audience], runtime)
  }

  /** Returns a token that another process has fetched, or fetches one and shares it. */
  async get(key: string, fetch: () => Promise<CachedToken>): Promise<CachedToken> {
    const name = this.#name(key)
    const found = await this.#find(name)
    if (found !== undefined) return found
    const token = await fetch()
    // Not awaited: the caller need not wait until the token is shared.
    void this.#store(name, token)
    return token
  }

  /** Ensures that a token which was rejected or revoked is not read from the store again. */
  refuse(token: string): void {
    this.#refused.set(tokenHash(token), true)
  }

  /** Removes the tokens for these keys from the store. */
  async remove(keys: readonly string[]): Promise<void> {
    await Promise.all(
      keys.map((key) => this.#attempt('remove', async () => this.#settings.sharedStore.remove(this.#name(key)))),
    )
  }

  /** The state of the store; makes no request. */
  health(): SharedStoreHealth {
    return { isUnavailable: this.#isUnavailable, failures: this.#failures }
  }

  async #find(name: string): Promise<CachedToken | undefined> {
    const sealed = await this.#attempt('get', async () => textOf((await this.#settings.sharedStore.get([name]))[0]))
    const opened = sealed === undefined ? undefined : this.#seal.open(sealed)
    if (opened === undefined || opened.expired || opened.payload['name'] !== name) return undefined
    const token = fromPayload(opened.payload, this.#settings.runtime)
    // A shared token that is itself due for renewal is of no use.
    const isFresh = token !== undefined && this.#settings.runtime.now() < token.renewAt
    return isFresh && !this.#refused.has(tokenHash(token.value)) ? token : undefined
  }

  async #store(name: string, token: CachedToken): Promise<void> {
    const milliseconds = Math.floor(token.expiresAt - this.#settings.runtime.now())
    if (milliseconds < 1) return
    await this.#attempt('set', async () =>
      this.#settings.sharedStore.set(name, this.#seal.seal(toPayload(name, token)), milliseconds),
    )
  }

  #name(key: string): string {
    return storeName('token', [...this.#settings.audience, key])
  }

  async #attempt<T>(method: keyof SharedStore, call: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await traced('store', { method }, () => this.#inTime(call))
      this.#isUnavailable = false
      return result
    } catch {
      this.#isUnavailable = true
      this.#failures += 1
      return undefined
    }
  }

  async #inTime<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await (this.#isTimed ? call() : withDeadline(call(), maxMilliseconds, tooLate, { ref: false }))
    } catch (error) {
      // Only subscribers of the channel see it: no call of the application fails.
      throw isOidcError(error) ? error : storeOutage('the shared store failed', error)
    }
  }
}

function tooLate(): SessionError {
  return storeOutage(`the shared store did not answer within ${maxMilliseconds / 1000} seconds`)
}

// A missing value may also be null.
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (isAbsent(value)) return undefined
  throw storeOutage('the shared store returned a value that is not text')
}

// The sealed name prevents anyone who can write to the store from swapping the tokens of two targets.
function toPayload(name: string, { value, obtainedAt, expiresAt }: CachedToken): SealPayload {
  return { v: formatVersion, exp: Math.ceil(expiresAt / 1000), name, act: value, ato: obtainedAt, end: expiresAt }
}

// The clocks of processes differ by a little.
const maxAheadMilliseconds = 5_000

// toCachedToken() adds this process's jitter. The minimum keeps the other process's clock from setting a time in the
// future. If that is far away, this clock was set back, and the time left is unknown.
function fromPayload({ v, act, ato, end }: SealPayload, runtime: Runtime): CachedToken | undefined {
  if (v !== formatVersion || typeof act !== 'string' || typeof ato !== 'number' || typeof end !== 'number')
    return undefined
  if (isAhead(ato, runtime.now(), maxAheadMilliseconds)) return undefined
  const granted = { accessToken: act, tokenType: '', scope: '', expiresAt: end / 1000 }
  return toCachedToken(granted, Math.min(ato, runtime.now()), runtime)
}
