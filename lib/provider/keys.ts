import { ConfigurationError, ProviderError } from '../errors.js'
import { traced } from '../base/diagnostics.js'
import { parseJsonObject } from '../base/json.js'
import type { VerificationKey } from '../jose/algorithms.js'
import { type Freshness, Cached } from '../base/cache/cached-document.js'
import { withCertificateKeys } from '../jose/certificate-keys.js'
import { type KeySet, importKeySet } from '../jose/jwk-set.js'
import { type KeyLookup, type KeySelector, isSome, LookupBudget, noMatchingKey, lookupThrottled } from './key-lookup.js'
import type { HttpClient } from './transport/http-client.js'
import type { ProviderSettings } from './types.js'

/** The cache of an issuer's public keys, shared by ID Tokens, logout tokens and access tokens. */
export interface Keys {
  /** Increases whenever the keys change. Tokens that were verified before then must be verified again. */
  readonly generation: number
  /** Returns the cached candidates, without a request. If there are none, call {@link Keys.load}. */
  find(selector: KeySelector): readonly VerificationKey[]
  /**
   * Returns the candidates, and fetches the keys if there are none, or if none of them made the signature: a provider
   * may reuse a kid for a new key.
   *
   * @throws {TokenValidationError} `token_key_not_found`, `token_signature_invalid`
   * @throws {ProviderError} when the keys cannot be fetched; `provider_keys_throttled`, with `Retry-After`, when they
   *   were fetched too often
   */
  load(selector: KeySelector, lookup?: KeyLookup): Promise<readonly VerificationKey[]>
  /**
   * The issuer's public keys for encryption, as JWKs.
   *
   * @throws {ProviderError} when the keys cannot be fetched
   */
  encryptionKeys(): Promise<KeySet['encryption']>
  /** Fetches the keys, unless they are cached. */
  ready(): Promise<void>
  /** How current the keys are. */
  freshness(): Freshness
  /** Stops new fetches. */
  close(): void
}

/** The issuer, the clock, and how long its keys are cached. */
type KeySettings = Pick<ProviderSettings, 'issuer' | 'runtime' | 'keysMaxAgeSeconds' | 'keysStaleSeconds'>

const maxBytes = 512 * 1024
const none: readonly VerificationKey[] = []

/**
 * Creates the cache of the keys at a URL.
 *
 * @param uri - looked up for each fetch, since metadata may change
 */
export function createKeys(uri: () => Promise<string>, httpClient: HttpClient, settings: KeySettings): Keys {
  const fetchSet = (before: KeySet | undefined) =>
    traced('keys', settings, async () => fetchKeySet(await uri(), httpClient, before))
  return new FetchedKeys(fetchSet, settings)
}

/**
 * Creates keys that are configured, and never fetched.
 *
 * @throws {ConfigurationError} `invalid_options` for a set without a usable public signature key
 */
export function createStaticKeys(jwks: unknown): Keys {
  const set = importKeySet(withCertificateKeys(jwks))
  if (set === undefined || set.imported.size === 0) {
    throw new ConfigurationError('invalid_options', '"jwks" must hold at least one public key for signatures')
  }
  return {
    generation: 1,
    find: (selector) => candidates(set, selector),
    load: async (selector, { isSigned = isSome } = {}) => {
      const given = candidates(set, selector)
      if (isSigned(given)) return given
      throw noMatchingKey(given, { selector, passedOver: passedOver(set, selector) })
    },
    encryptionKeys: async () => set.encryption,
    ready: async () => undefined,
    freshness: () => ({ state: 'fresh' }),
    close: () => undefined,
  }
}

class FetchedKeys implements Keys {
  readonly #cached: Cached<KeySet>
  readonly #budget: LookupBudget
  #set: KeySet | undefined
  #generation = 0

  constructor(fetchSet: (before: KeySet | undefined) => Promise<KeySet>, settings: KeySettings) {
    this.#budget = new LookupBudget(settings.runtime)
    this.#cached = new Cached({
      runtime: settings.runtime,
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

  async load(selector: KeySelector, lookup: KeyLookup = {}): Promise<readonly VerificationKey[]> {
    const { from = 'anyone', isSigned = isSome } = lookup
    const mark = this.#cached.mark()
    const known = candidates(await this.#cached.get(), selector)
    if (isSigned(known)) return known
    const isAnswered = this.#cached.isFetchedSince(mark)
    const late = isAnswered ? known : await this.#ask(selector, known, { from, isSigned })
    if (isSigned(late)) return late
    if (late.length === 0) this.#budget.addAbsent(selector)
    throw noMatchingKey(late, { selector, passedOver: passedOver(this.#set, selector) })
  }

  async encryptionKeys(): Promise<KeySet['encryption']> {
    return (await this.#cached.get()).encryption
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

  async #ask(
    selector: KeySelector,
    known: readonly VerificationKey[],
    { from, isSigned }: Required<KeyLookup>,
  ): Promise<readonly VerificationKey[]> {
    const late = this.#refetch.bind(this, selector, known, { from, isSigned })
    if (from === 'provider') return late()
    if (known.length === 0 && this.#budget.isAbsent(selector)) {
      throw noMatchingKey(known, { selector, passedOver: passedOver(this.#set, selector) })
    }
    // If a key with this kid is cached, the signature is invalid even when the fetch fails. Without a kid, the cached
    // keys say nothing about a newer key.
    return known.length > 0 && selector.kid !== undefined ? late().catch(() => known) : late()
  }

  async #refetch(
    selector: KeySelector,
    known: readonly VerificationKey[],
    { from, isSigned }: Required<KeyLookup>,
  ): Promise<readonly VerificationKey[]> {
    if (this.#cached.isRenewing()) {
      const joined = candidates(await this.#cached.renew(), selector)
      if (isSigned(joined)) return joined
      // That fetch may have started before the key was published, so another one is needed.
    }
    if (this.#cached.isRenewing()) return candidates(await this.#cached.renew(), selector)
    const bucket = this.#budget.bucketFor(from, known)
    if (!bucket.take()) throw lookupThrottled(bucket)
    try {
      const late = candidates(await this.#cached.renew(), selector)
      if (isSigned(late)) bucket.giveBack()
      return late
    } catch (error) {
      bucket.giveBack()
      throw error
    }
  }

  #replace(next: KeySet): KeySet {
    if (!sameKeys(this.#set, next)) this.#generation++
    this.#set = next
    this.#budget.forgetAbsent()
    return next
  }
}

function candidates(set: KeySet | undefined, { alg, kid }: KeySelector): readonly VerificationKey[] {
  return set?.keys.get(alg)?.get(kid) ?? none
}

function passedOver(set: KeySet | undefined, { alg, kid }: KeySelector): number {
  if (set === undefined) return 0
  return set.ignored + (kid === undefined ? (set.surplus.get(alg) ?? 0) : 0)
}

async function fetchKeySet(uri: string, httpClient: HttpClient, before: KeySet | undefined): Promise<KeySet> {
  const accept = 'application/jwk-set+json, application/json'
  const response = await httpClient.request(uri, { headers: { accept }, maxBytes })
  const document = response.status === 200 ? parseJsonObject(response.text) : undefined
  const set = importKeySet(withCertificateKeys(document), before)
  if (set !== undefined && set.imported.size > 0) return set
  const why = set === undefined ? 'is not usable' : 'has no key that can verify signatures'
  const message = `the provider's key set ${why} (status ${response.status})`
  throw new ProviderError('provider_keys_invalid', message)
}

function sameKeys(a: KeySet | undefined, b: KeySet): boolean {
  return a?.imported.size === b.imported.size && [...b.imported.keys()].every((key) => a.imported.has(key))
}
