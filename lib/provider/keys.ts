import { LRUCache } from 'lru-cache'
import { ConfigurationError, ProviderError, TokenValidationError } from '../errors.js'
import type { Platform } from '../options/platform.js'
import { parseJsonObject } from '../seal/json.js'
import type { VerificationKey } from './algorithms.js'
import type { Freshness } from './cached.js'
import { createCached } from './cached.js'
import type { KeySet } from './jwks.js'
import { importKeySet } from './jwks.js'
import type { Outbound } from './outbound.js'
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
  /** The candidates that are known now, none when {@link Keys.load} must be asked. Touches no network itself. */
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
  freshness(): Freshness
  close(): void
}

/** What {@link createKeys} needs to know. */
export type KeySettings = Pick<ProviderSettings, 'platform' | 'keysMaxAgeSeconds' | 'keysStaleSeconds'>

const maxBytes = 512 * 1024
const refetchBurst = 3
const refetchSeconds = 30
const maxUnknownKids = 1000
const longestKid = 256
const none: readonly VerificationKey[] = []

/** The keys at a URL, which is asked for anew at each fetch since metadata may change. */
export function createKeys(uri: () => Promise<string>, outbound: Outbound, settings: KeySettings): Keys {
  const { platform } = settings
  let generation = 0
  let set: KeySet | undefined
  const unknown = new LRUCache<string, number>({ max: maxUnknownKids })
  const bucket = createBucket(platform)
  const cached = createCached({
    platform,
    maxAgeSeconds: settings.keysMaxAgeSeconds,
    staleSeconds: settings.keysStaleSeconds,
    fetch: async () => {
      const next = await fetchKeySet(await uri(), outbound, set)
      if (!sameKeys(set, next)) generation++
      set = next
      unknown.clear()
      return next
    },
  })
  const find = (selector: KeySelector) => candidates(cached.peek(), selector)

  // A fetch that was under way may have begun before the key was published, so it does not settle the question.
  const refetch = async (selector: KeySelector): Promise<readonly VerificationKey[]> => {
    for (let joined = cached.isRenewing(), attempt = 0; attempt < 2; attempt++) {
      if (!joined && !cached.isRenewing() && !bucket.take()) throw keyNotFound()
      const found = candidates(await cached.renew(), selector)
      if (found.length > 0 || !joined) return found
      joined = false
    }
    return none
  }
  return {
    get generation() {
      return generation
    },
    find,
    async load(selector) {
      const first = cached.peek() === undefined && !cached.isRenewing()
      const known = candidates(await cached.get(), selector)
      if (known.length > 0) return known
      const name = JSON.stringify([selector.alg, selector.kid ?? null])
      if (name.length > longestKid || platform.now() < (unknown.get(name) ?? 0)) throw keyNotFound()
      const found = first ? none : await refetch(selector)
      if (found.length > 0) return found
      unknown.set(name, platform.now() + refetchSeconds * 1000)
      throw keyNotFound()
    },
    ready: async () => void (await cached.get()),
    freshness: cached.freshness,
    close: cached.close,
  }
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
    async load(selector) {
      const found = candidates(set, selector)
      if (found.length === 0) throw keyNotFound()
      return found
    },
    ready: async () => undefined,
    freshness: () => ({ state: 'fresh' }),
    close: () => undefined,
  }
}

function candidates(set: KeySet | undefined, { alg, kid }: KeySelector): readonly VerificationKey[] {
  return set?.keys.get(alg)?.get(kid) ?? none
}

async function fetchKeySet(uri: string, outbound: Outbound, before: KeySet | undefined): Promise<KeySet> {
  const accept = 'application/jwk-set+json, application/json'
  const response = await outbound.request(uri, { headers: { accept }, maxBytes })
  const document = response.status === 200 ? parseJsonObject(await response.text()) : undefined
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

// A fixed cool-down would fail a provider that rotates twice in a row; no limit would let any caller make us fetch.
function createBucket(platform: Platform): { take(): boolean } {
  let tokens = refetchBurst
  let filledAt = platform.now()
  return {
    take() {
      const now = platform.now()
      tokens = Math.min(refetchBurst, tokens + Math.max(0, now - filledAt) / (refetchSeconds * 1000))
      filledAt = now
      if (tokens < 1) return false
      tokens -= 1
      return true
    },
  }
}
