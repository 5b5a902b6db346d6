import { LRUCache } from 'lru-cache'
import { ConfigurationError, ProviderError, TokenValidationError } from '../errors.js'
import { traced } from '../options/trace.js'
import { parseJsonObject } from '../seal/json.js'
import type { VerificationKey } from './algorithms.js'
import type { Freshness } from './cached.js'
import { Cached } from './cached.js'
import type { KeySet } from './jwks.js'
import { importKeySet } from './jwks.js'
import type { Outbound } from './outbound.js'
import { TokenBucket } from './token-bucket.js'
import type { ProviderSettings } from './types.js'

/** What of a JOSE header selects keys. */
export interface KeySelector {
  readonly alg: string
  readonly kid?: string | undefined
}

/** The one cache of an issuer's public keys: for ID Tokens, logout tokens and access tokens alike. */
export interface Keys {
  /** Grows whenever the set of keys changes: what was verified before is to be verified again. */
  readonly generation: number
  /** The candidates that are known now; none means that {@link Keys.load} must be asked. Waits for no network. */
  find(selector: KeySelector): readonly VerificationKey[]
  /**
   * The candidates, fetched where they are not known.
   *
   * @throws {TokenValidationError} `token_key_not_found`
   * @throws {ProviderError} when the keys cannot be fetched
   */
  load(selector: KeySelector): Promise<readonly VerificationKey[]>
  /** Fetches the keys unless they are known. */
  ready(): Promise<void>
  /** How current the keys are. */
  freshness(): Freshness
  /** Nothing is fetched any more. */
  close(): void
}

/** What {@link createKeys} needs to know. */
export type KeySettings = Pick<ProviderSettings, 'issuer' | 'platform' | 'keysMaxAgeSeconds' | 'keysStaleSeconds'>

const maxBytes = 512 * 1024
const refetches = { burst: 3, refillSeconds: 30 }
const unknownKidSeconds = 30
const maxUnknownKids = 1000
const longestSelector = 256
const none: readonly VerificationKey[] = []

/**
 * The keys at a URL, cached.
 *
 * @param uri - asked for at each fetch, since metadata may change
 */
export function createKeys(uri: () => Promise<string>, outbound: Outbound, settings: KeySettings): Keys {
  const fetchSet = (before: KeySet | undefined) =>
    traced('keys', settings, async () => fetchKeySet(await uri(), outbound, before))
  return new FetchedKeys(fetchSet, settings)
}

/**
 * Keys that are given, and never fetched.
 *
 * @throws {ConfigurationError} `invalid_options` for a set without any usable public signature key
 */
export function createStaticKeys(jwks: unknown): Keys {
  const set = importKeySet(jwks)
  if (set === undefined || set.imported.size === 0) {
    throw new ConfigurationError('invalid_options', 'the JWK Set must hold at least one public key for signatures')
  }
  return {
    generation: 1,
    find: (selector) => candidates(set, selector),
    load: async (selector) => found(candidates(set, selector)),
    ready: async () => undefined,
    freshness: () => ({ state: 'fresh' }),
    close: () => undefined,
  }
}

class FetchedKeys implements Keys {
  readonly #cached: Cached<KeySet>
  readonly #settings: KeySettings
  // Kids that were not there a moment ago; bounded, since anyone can invent them.
  readonly #unknown = new LRUCache<string, number>({ max: maxUnknownKids })
  readonly #bucket: TokenBucket
  #set: KeySet | undefined
  #generation = 0

  constructor(fetchSet: (before: KeySet | undefined) => Promise<KeySet>, settings: KeySettings) {
    this.#settings = settings
    this.#bucket = new TokenBucket(settings.platform, refetches)
    this.#cached = new Cached({
      platform: settings.platform,
      maxAgeSeconds: settings.keysMaxAgeSeconds,
      staleSeconds: settings.keysStaleSeconds,
      fetch: async () => this.#replace(await fetchSet(this.#set)),
    })
  }

  get generation(): number {
    return this.#generation
  }

  find(selector: KeySelector): readonly VerificationKey[] {
    return candidates(this.#cached.peek(), selector)
  }

  async load(selector: KeySelector): Promise<readonly VerificationKey[]> {
    const isFirst = this.#cached.peek() === undefined && !this.#cached.isRenewing()
    const known = candidates(await this.#cached.get(), selector)
    if (known.length > 0) return known
    const { platform } = this.#settings
    const name = JSON.stringify([selector.alg, selector.kid ?? null])
    if (name.length > longestSelector || platform.now() < (this.#unknown.get(name) ?? 0)) throw keyNotFound()
    const late = isFirst ? none : await this.#refetch(selector)
    if (late.length === 0) this.#unknown.set(name, platform.now() + unknownKidSeconds * 1000)
    return found(late)
  }

  async ready(): Promise<void> {
    await this.#cached.get()
  }

  freshness(): Freshness {
    return this.#cached.freshness()
  }

  close(): void {
    this.#cached.close()
  }

  async #refetch(selector: KeySelector): Promise<readonly VerificationKey[]> {
    if (this.#cached.isRenewing()) {
      const joined = candidates(await this.#cached.renew(), selector)
      if (joined.length > 0) return joined
      // That fetch may have begun before the key was published, so it does not settle the question.
    }
    if (!this.#cached.isRenewing() && !this.#bucket.take()) throw keyNotFound()
    return candidates(await this.#cached.renew(), selector)
  }

  #replace(next: KeySet): KeySet {
    if (!sameKeys(this.#set, next)) this.#generation++
    this.#set = next
    this.#unknown.clear()
    return next
  }
}

function candidates(set: KeySet | undefined, { alg, kid }: KeySelector): readonly VerificationKey[] {
  return set?.keys.get(alg)?.get(kid) ?? none
}

function found(keys: readonly VerificationKey[]): readonly VerificationKey[] {
  if (keys.length === 0) throw keyNotFound()
  return keys
}

async function fetchKeySet(uri: string, outbound: Outbound, before: KeySet | undefined): Promise<KeySet> {
  const accept = 'application/jwk-set+json, application/json'
  const response = await outbound.request(uri, { headers: { accept }, maxBytes })
  const document = response.status === 200 ? parseJsonObject(response.text) : undefined
  const set = importKeySet(document, before)
  if (set !== undefined) return set
  const message = `the provider's key set is not usable (status ${response.status})`
  throw new ProviderError('provider_keys_invalid', message, { status: 502 })
}

function sameKeys(a: KeySet | undefined, b: KeySet): boolean {
  return a?.imported.size === b.imported.size && [...b.imported.keys()].every((key) => a.imported.has(key))
}

function keyNotFound(): TokenValidationError {
  return new TokenValidationError('token_key_not_found', 'the token names a key that its issuer does not publish')
}
