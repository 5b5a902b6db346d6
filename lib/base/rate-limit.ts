import type { Runtime } from './runtime.js'

/** How many tokens a bucket holds, and how long it takes to refill one. */
interface BucketSize {
  readonly burst: number
  readonly refillSeconds: number
}

/** A rate limit that allows bursts. A fixed cool-down would fail if a provider rotates its keys twice in a row. */
export class TokenBucket {
  readonly #runtime: Runtime
  readonly #size: BucketSize
  #tokens: number
  #filledAt: number

  constructor(runtime: Runtime, size: BucketSize) {
    this.#runtime = runtime
    this.#size = size
    this.#tokens = size.burst
    this.#filledAt = runtime.now()
  }

  /** Takes a token; returns whether there was one. */
  take(): boolean {
    this.#fill()
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Returns a token to the bucket. */
  giveBack(): void {
    this.#tokens = Math.min(this.#size.burst, this.#tokens + 1)
  }

  /** Whole seconds until there is a token; at least one. */
  waitSeconds(): number {
    this.#fill()
    return Math.max(1, Math.ceil((1 - this.#tokens) * this.#size.refillSeconds - 0.001))
  }

  #fill(): void {
    const now = this.#runtime.now()
    const { burst, refillSeconds } = this.#size
    this.#tokens = Math.min(burst, this.#tokens + Math.max(0, now - this.#filledAt) / (refillSeconds * 1000))
    this.#filledAt = now
  }
}
