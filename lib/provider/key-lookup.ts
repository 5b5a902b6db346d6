import { LRUCache } from 'lru-cache'
import { ProviderError, TokenValidationError } from '../errors.js'
import type { Runtime } from '../base/runtime.js'
import type { VerificationKey } from '../jose/algorithms.js'
import { signatureInvalid } from '../jose/jws.js'
import { quotedName } from '../base/error-cause.js'
import { TokenBucket } from '../base/rate-limit.js'

/** What of a JOSE header selects keys. */
export interface KeySelector {
  readonly alg: string
  readonly kid?: string | undefined
}

/** Who sent the token: the provider itself, from one of its endpoints, or somebody who can send anything. */
export type TokenOrigin = 'provider' | 'anyone'

/** What a lookup of keys is for. */
export interface KeyLookup {
  /** @default 'anyone' */
  readonly from?: TokenOrigin
  /** Whether one of the candidates made the signature. @default whether there are any */
  readonly isSigned?: (candidates: readonly VerificationKey[]) => boolean
}

// What comes from the provider has a budget that no stranger's invented kids can use up.
const sizes = {
  provider: { burst: 10, refillSeconds: 10 },
  anyone: { burst: 3, refillSeconds: 30 },
  forged: { burst: 3, refillSeconds: 10 },
}
const absentSeconds = 30
const maxAbsent = 1000
const maxSelectorLength = 2048

/** How often keys that are not known may be asked for. An attempt that found its key, or failed, costs nothing. */
export class LookupBudget {
  readonly #runtime: Runtime
  readonly #provider: TokenBucket
  readonly #anyone: TokenBucket
  readonly #forged: TokenBucket
  // Kids that were not there a moment ago; bounded, since anyone can invent them.
  readonly #absent = new LRUCache<string, number>({ max: maxAbsent })

  constructor(runtime: Runtime) {
    this.#runtime = runtime
    this.#provider = new TokenBucket(runtime, sizes.provider)
    this.#anyone = new TokenBucket(runtime, sizes.anyone)
    this.#forged = new TokenBucket(runtime, sizes.forged)
  }

  /** What pays for an attempt: signatures that no known key made are everyday, and take nothing from names not known. */
  bucketFor(from: TokenOrigin, known: readonly VerificationKey[]): TokenBucket {
    if (from === 'provider') return this.#provider
    return known.length > 0 ? this.#forged : this.#anyone
  }

  /** Whether the provider was asked for it a moment ago, and does not have it; or it is no name at all. */
  isAbsent(selector: KeySelector): boolean {
    const name = nameOf(selector)
    return name.length > maxSelectorLength || this.#runtime.now() < (this.#absent.get(name) ?? 0)
  }

  /** Remembers that the provider has no such key. */
  addAbsent(selector: KeySelector): void {
    const name = nameOf(selector)
    if (name.length <= maxSelectorLength) this.#absent.set(name, this.#runtime.now() + absentSeconds * 1000)
  }

  /** There are new keys. */
  forgetAbsent(): void {
    this.#absent.clear()
  }
}

/** Whether there are candidates at all. */
export function isSome(candidates: readonly VerificationKey[]): boolean {
  return candidates.length > 0
}

/** What the refusal of a token says beside that its key is not among the candidates. */
export interface RefusalDetails {
  readonly selector?: KeySelector
  /** Keys of the issuer that were not tried. */
  readonly passedOver?: number
  /** What else is wrong with the token, as far as one can tell of what is not signed. */
  readonly besides?: string
}

/** Why a token is refused whose key is not among the candidates. */
export function refusal(
  candidates: readonly VerificationKey[],
  { selector, passedOver = 0, besides }: RefusalDetails = {},
): TokenValidationError {
  const skipped =
    passedOver === 0
      ? ''
      : ` (${passedOver} of its keys were passed over: not usable for signatures, or more than are tried without a kid)`
  const remark = `${skipped}${besides === undefined ? '' : `; besides, ${besides}`}`
  if (candidates.length > 0) return signatureInvalid(remark)
  const message = `the token names a key that its issuer does not publish${forAlg(selector)}${remark}`
  return new TokenValidationError('token_key_not_found', message)
}

function forAlg(selector: KeySelector | undefined): string {
  return selector === undefined ? '' : ` for ${quotedName(selector.alg)}`
}

/** Nobody knows whether the issuer publishes the key: it was asked too often to be asked once more. */
export function throttled(bucket: TokenBucket): ProviderError {
  const message = 'the token names an unknown key: its issuer is asked again later'
  const headers = { 'Retry-After': String(bucket.waitSeconds()) }
  return new ProviderError('provider_keys_throttled', message, { headers })
}

function nameOf({ alg, kid }: KeySelector): string {
  return JSON.stringify([alg, kid ?? null])
}
