const slotsPerBucket = 2
const luckyShare = 64
// The golden ratio's 32 bits (Knuth, The Art of Computer Programming, section 6.4).
const spread = 0x9e3779b1

/**
 * Lets a key into a cache when it is seen a second time, so that what is seen once costs no room. Two keys of the same
 * bucket remember each other's places; one in 64 gets in at first sight, so that no crowd can keep a key out for ever.
 */
export class Admission {
  readonly #prints: Int32Array
  readonly #shift: number
  #count = 0

  /** @param size How many keys are remembered, about. */
  constructor(size: number) {
    const bits = Math.ceil(Math.log2(Math.max(16, size)))
    this.#shift = 32 - bits
    this.#prints = new Int32Array(2 ** bits * slotsPerBucket)
  }

  /** @param key At least 12 characters out of a hash or a signature, in base64url or as bytes. */
  admits(key: string): boolean {
    const prints = this.#prints
    // Base64url uses a part of each byte only: multiplying spreads it over the upper bits.
    const print = (word(key, 0) ^ Math.imul(word(key, 8), spread)) | 1
    const slot = (Math.imul(word(key, 4), spread) >>> this.#shift) * slotsPerBucket
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
