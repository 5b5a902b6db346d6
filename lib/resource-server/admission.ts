const slotsPerBucket = 2
const luckyShare = 16

/**
 * Lets a key into a cache when it is seen a second time, so that what is seen once costs no room. Two keys of the same
 * bucket remember each other's places; one in sixteen gets in at first sight, so that no crowd can keep a key out for ever.
 */
export class Admission {
  readonly #prints: Int32Array
  readonly #buckets: number
  #count = 0

  /** @param size How many keys are remembered, about. */
  constructor(size: number) {
    this.#buckets = 2 ** Math.ceil(Math.log2(Math.max(16, size)))
    this.#prints = new Int32Array(this.#buckets * slotsPerBucket)
  }

  /** @param key Bytes as characters, evenly distributed: a hash. */
  admits(key: string): boolean {
    const prints = this.#prints
    const print = word(key, 0) | 1
    const slot = ((word(key, 4) >>> 0) % this.#buckets) * slotsPerBucket
    if (prints[slot] === print || prints[slot + 1] === print) return true
    prints[slot + 1] = prints[slot] ?? 0
    prints[slot] = print
    this.#count = (this.#count + 1) % luckyShare
    return this.#count === 0
  }
}

function word(key: string, at: number): number {
  return (
    key.charCodeAt(at) | (key.charCodeAt(at + 1) << 8) | (key.charCodeAt(at + 2) << 16) | (key.charCodeAt(at + 3) << 24)
  )
}
