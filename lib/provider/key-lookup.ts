import type { LRUCache } from 'lru-cache'
import { ProviderError, TokenValidationError } from '../errors.js'
import { createGrowingCache } from '../base/cache/growing-cache.js'
import type { Runtime } from '../base/runtime.js'
import type { VerificationKey } from '../jose/algorithms.js'
import { signatureInvalid } from '../jose/jws.js'
import { quotedName, seenValue } from '../base/error-cause.js'
import { TokenBucket } from '../base/rate-limit.js'

/** The members of a JOSE header that select keys. */
export interface KeySelector {
  readonly alg: string
  readonly kid?: string | undefined
}

/** Where the token came from: one of the provider's endpoints, or anyone, who may send anything. */
export type TokenOrigin = 'provider' | 'anyone'

/** The purpose of a key lookup. */
export interface KeyLookup {
  /** @default 'anyone' */
  readonly from?: TokenOrigin
  /** Whether one of the candidates made the signature. @default whether there are candidates */
  readonly isSigned?: (candidates: readonly VerificationKey[]) => boolean
}

// The provider's own tokens have a separate budget, which invented kids from elsewhere cannot use up.
const sizes = {
  provider: { burst: 10, refillSeconds: 10 },
  anyone: { burst: 3, refillSeconds: 30 },
  forged: { burst: 3, refillSeconds: 10 },
}
const absentSeconds = 30
const maxAbsent = 1000
const maxSelectorLength = 2048

/** Limits fetches for unknown keys. A fetch that finds the key, or fails, is free. */
export class LookupBudget {
  readonly #runtime: Runtime
  readonly #provider: TokenBucket
  readonly #anyone: TokenBucket
  readonly #forged: TokenBucket
  // Kids that the last fetch did not find. The cache is bounded, since anyone can invent kids.
  readonly #absent: LRUCache<string, number>

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    this.#provider = new TokenBucket(runtime, sizes.provider)
    this.#anyone = new TokenBucket(runtime, sizes.anyone)
    this.#forged = new TokenBucket(runtime, sizes.forged)
    this.#absent = createGrowingCache({ max: maxAbsent, runtime })
  }

  /** The budget for a fetch. Invalid signatures under a known kid are common, so they have their own. */
  bucketFor(from: TokenOrigin, known: readonly VerificationKey[]): TokenBucket {
    if (from === 'provider') return this.#provider
    return known.length > 0 ? this.#forged : this.#anyone
  }

  /** Whether a recent fetch did not find the key, or its kid is too long to be one. */
  isAbsent(selector: KeySelector): boolean {
    const name = nameOf(selector)
    return name.length > maxSelectorLength || this.#runtime.now() < (this.#absent.get(name) ?? 0)
  }

  /** Remembers that a fetch did not find the key. */
  addAbsent(selector: KeySelector): void {
    const name = nameOf(selector)
    if (name.length <= maxSelectorLength) this.#absent.set(name, this.#runtime.now() + absentSeconds * 1000)
  }

  /** Forgets missing keys, after the key set has been fetched. */
  forgetAbsent(): void {
    this.#absent.clear()
  }
}

/** Whether there are candidates. */
export function isSome(candidates: readonly VerificationKey[]): boolean {
  return candidates.length > 0
}

/** What the refusal of a token says, besides that its key is not among the candidates. */
interface RefusalDetails {
  readonly selector?: KeySelector
  /** Keys of the issuer that were not tried. */
  readonly passedOver?: number
  /** What else is wrong with the token, as far as its unsigned content shows. */
  readonly besides?: string
}

/** The error for a token that none of the candidates signed. */
export function noMatchingKey(
  candidates: readonly VerificationKey[],
  { selector, passedOver = 0, besides }: RefusalDetails = {},
): TokenValidationError {
  const skipped =
    passedOver === 0
      ? ''
      : ` (${passedOver} of its keys were passed over: not usable for signatures, or more than are tried without a kid)`
  const remark = `${skipped}${besides === undefined ? '' : `; besides, ${besides}`}`
  if (candidates.length > 0) return signatureInvalid(remark)
  const what =
    selector?.kid === undefined
      ? "the token's issuer publishes no key"
      : 'the token names a key that its issuer does not publish'
  const message = `${what}${forAlg(selector)}${remark}`
  const details = { subject: 'kid', seen: seenValue(selector?.kid), option: 'jwksUri' }
  return new TokenValidationError('token_key_not_found', message, { details })
}

function forAlg(selector: KeySelector | undefined): string {
  return selector === undefined ? '' : ` for ${quotedName(selector.alg)}`
}

/** The error when the limit is reached, so whether the issuer publishes the key is unknown. */
export function lookupThrottled(bucket: TokenBucket): ProviderError {
  const message = 'the token names an unknown key: its issuer is asked again later'
  const headers = { 'Retry-After': String(bucket.waitSeconds()) }
  return new ProviderError('provider_keys_throttled', message, { headers })
}

function nameOf({ alg, kid }: KeySelector): string {
  return JSON.stringify([alg, kid ?? null])
}
