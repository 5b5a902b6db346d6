const slotsPerBucket = 2
const luckyShare = 64
// 2^32 divided by the golden ratio, for multiplicative hashing (Knuth, The Art of Computer Programming, section 6.4).
const spread = 0x9e3779b1

/**
 * A cache's admission filter (a "doorkeeper" in the TinyLFU paper): admits a key when it is seen for the second time,
 * so values that come once take no room in the cache. It is a hash table with buckets of two slots, where a new key
 * evicts the older one. One key in 64 is admitted at first sight; otherwise a crowd of keys in one bucket could keep a
 * key out forever.
 */
export class Admission {
  readonly #prints: Int32Array
  readonly #shift: number
  #count = 0

  /** @param size Approximate number of keys to remember. */
  constructor(size: number) {
    const bits = Math.ceil(Math.log2(Math.max(16, size)))
    this.#shift = 32 - bits
    this.#prints = new Int32Array(2 ** bits * slotsPerBucket)
  }

  /**
   * Whether a key may enter the cache now.
   *
   * @param key At least 12 characters of a hash, a signature or an authentication tag, in base64url or as bytes.
   */
  admits(key: string): boolean {
    const prints = this.#prints
    // Base64url uses only part of each byte; multiplying spreads it over the upper bits.
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
