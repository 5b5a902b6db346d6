import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Runtime } from '../base/runtime.js'
import type { SharedStore } from '../options/common/stores.js'
import { createSeal, type Seal, type SealPayload } from '../seal/seal.js'
import { keptToken, type KeptToken } from './token-lifetime.js'

/** What the tokens are shared in, and what seals them there. */
export interface SharedTokensSettings {
  readonly sharedStore: SharedStore
  readonly secrets: readonly string[]
  /** What tells these tokens from others in the same memory: issuer, client, and the key that they are bound to. */
  readonly audience: readonly string[]
  readonly runtime: Runtime
}

/** How the shared store does. */
export interface SharedStoreHealth {
  /** Whether its last call failed: tokens are fetched all the same, by each process for itself. */
  readonly isAway: boolean
  /** How many of its calls have failed so far. */
  readonly failures: number
}

const maxRefused = 1_000

/**
 * Tokens that the processes of one client share, sealed. A help and nothing more: while the memory is away, each process
 * fetches for itself, and nothing fails.
 */
export class SharedTokens {
  readonly #settings: SharedTokensSettings
  readonly #seal: Seal
  /** Hashes of tokens that an API refused: they may still lie in the memory, and must not come back from there. */
  readonly #refused = new LRUCache<string, true>({ max: maxRefused })
  #isAway = false
  #failures = 0

  constructor(settings: SharedTokensSettings) {
    const { secrets, audience, runtime } = settings
    this.#settings = settings
    this.#seal = createSeal(secrets, ['machine token', ...audience], runtime)
  }

  /** What another process has fetched under a key, or what `fetch` brings: the others will find it. */
  async get(key: string, fetch: () => Promise<KeptToken>): Promise<KeptToken> {
    const name = this.#name(key)
    const found = await this.#find(name)
    if (found !== undefined) return found
    const token = await fetch()
    // Not waited for: whoever asked has what was asked for.
    void this.#store(name, token)
    return token
  }

  /** Sees to it that a token which was refused, or revoked, does not come back. */
  refuse(token: string): void {
    this.#refused.set(hashOf(token), true)
  }

  /** Takes the tokens under these keys from the others, too. */
  async remove(keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => this.#attempt(() => this.#settings.sharedStore.remove(this.#name(key)))))
  }

  /** How it does; makes no request. */
  health(): SharedStoreHealth {
    return { isAway: this.#isAway, failures: this.#failures }
  }

  async #find(name: string): Promise<KeptToken | undefined> {
    const values = await this.#attempt(() => this.#settings.sharedStore.get([name]))
    const sealed = values?.[0]
    const opened = sealed === undefined ? undefined : this.#seal.open(sealed)
    if (opened === undefined || opened.expired || opened.payload['name'] !== name) return undefined
    const token = fromPayload(opened.payload, this.#settings.runtime)
    // A token that is to be renewed by now is no news to whoever renews.
    const isFresh = token !== undefined && this.#settings.runtime.now() < token.renewAt
    return isFresh && !this.#refused.has(hashOf(token.value)) ? token : undefined
  }

  async #store(name: string, token: KeptToken): Promise<void> {
    const milliseconds = Math.floor(token.expiresAt - this.#settings.runtime.now())
    if (milliseconds < 1) return
    await this.#attempt(() =>
      this.#settings.sharedStore.set(name, this.#seal.seal(toPayload(name, token)), milliseconds),
    )
  }

  #name(key: string): string {
    return `token:${hashOf(JSON.stringify([...this.#settings.audience, key]))}`
  }

  async #attempt<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await call()
      this.#isAway = false
      return result
    } catch {
      this.#isAway = true
      this.#failures += 1
      return undefined
    }
  }
}

// With the name inside, nobody who can write to the memory can put one target's token in another's place.
function toPayload(name: string, { value, obtainedAt, expiresAt }: KeptToken): SealPayload {
  return { exp: Math.ceil(expiresAt / 1000), name, act: value, ato: obtainedAt, end: expiresAt }
}

// Each process renews by a jitter of its own, and none by a clock that goes ahead of its own.
function fromPayload({ act, ato, end }: SealPayload, runtime: Runtime): KeptToken | undefined {
  if (typeof act !== 'string' || typeof ato !== 'number' || typeof end !== 'number') return undefined
  const granted = { accessToken: act, tokenType: '', scope: '', accessTokenExpiresAt: end / 1000 }
  return keptToken(granted, Math.min(ato, runtime.now()), runtime)
}

function hashOf(text: string): string {
  return hash('sha256', text, 'base64url')
}
