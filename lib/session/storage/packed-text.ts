import { deflateRawSync, inflateRawSync } from 'node:zlib'

/**
 * Describes a dot-separated segment: how many bytes of the attachment it encodes in base64url, the literal text that
 * follows them, and 1 if the bytes are compressed.
 */
type Segment = readonly [bytes: number, rest: string, deflated?: 1]

// Below this length, the description takes more room than is saved.
const shortestText = 64
const maxSegments = 8
const stepBytes = 256
const maxInflatedBytes = 65_536

/** Decodes texts that consist of base64url segments with dots in between, such as JWTs, to bytes. */
export class TextPacker {
  readonly #parts: Buffer[] = []
  #hasDeflated = false

  /** All bytes so far. */
  get attachment(): Buffer {
    return Buffer.concat(this.#parts)
  }

  /** Whether anything was compressed so far. */
  get hasDeflated(): boolean {
    return this.#hasDeflated
  }

  /**
   * Moves a text to the attachment, and returns a description from which it can be restored exactly; returns the text
   * itself if that would save nothing.
   *
   * @param deflated - index of the segment to compress, if that saves room
   */
  pack(text: unknown, deflated?: number): unknown {
    if (typeof text !== 'string') return text
    const segments = text.split('.')
    if (text.length < shortestText || segments.length > maxSegments) return text
    return segments.map((segment, place) => this.#segment(segment, place === deflated))
  }

  /** Compresses bytes to the attachment and returns their length there; `undefined` if compression saves nothing. */
  deflate(bytes: Buffer): number | undefined {
    const deflated = deflatePadded(bytes)
    if (deflated === undefined) return undefined
    this.#parts.push(deflated)
    this.#hasDeflated = true
    return deflated.length
  }

  // Only whole groups of four are decoded. The last characters may have stray bits, so they stay text.
  #segment(segment: string, isDeflated: boolean): Segment {
    const whole = segment.slice(0, segment.length - (segment.length % 4))
    const bytes = Buffer.from(whole, 'base64url')
    if (bytes.toString('base64url') !== whole) return [0, segment]
    const rest = segment.slice(whole.length)
    const deflated = isDeflated ? this.deflate(bytes) : undefined
    if (deflated !== undefined) return [deflated, rest, 1]
    this.#parts.push(bytes)
    return [bytes.length, rest]
  }
}

/** Reads the output of a {@link TextPacker}, in the same order. */
export class TextUnpacker {
  readonly #attachment: Buffer
  #at = 0

  constructor(attachment: Buffer) {
    this.#attachment = attachment
  }

  /**
   * Restores a text from its description; returns anything else as it is.
   *
   * @throws {RangeError} for malformed input
   */
  unpack(packed: unknown): unknown {
    return Array.isArray(packed) ? packed.map((segment) => this.#segment(segment)).join('.') : packed
  }

  /** @throws {RangeError} for malformed input */
  inflate(length: unknown): Buffer {
    return inflateRawSync(this.#take(length), { maxOutputLength: maxInflatedBytes })
  }

  #segment(segment: unknown): string {
    const members: readonly unknown[] = Array.isArray(segment) ? segment : []
    const [length, rest, deflated] = members
    if (typeof rest !== 'string') throw new RangeError('a packed text has another shape')
    const bytes = deflated === 1 ? this.inflate(length) : this.#take(length)
    return bytes.toString('base64url') + rest
  }

  #take(length: unknown): Buffer {
    const end = this.#at + Number(length)
    if (!Number.isInteger(length) || end < this.#at || end > this.#attachment.length)
      throw new RangeError('a packed text goes beyond its bytes')
    const bytes = this.#attachment.subarray(this.#at, end)
    this.#at = end
    return bytes
  }
}

// Padded in steps, since the length of compressed data reveals something about the content (RFC 8725 section 3.6).
function deflatePadded(bytes: Buffer): Buffer | undefined {
  if (bytes.length > maxInflatedBytes) return undefined
  const deflated = deflateRawSync(bytes)
  const length = Math.ceil(deflated.length / stepBytes) * stepBytes
  return length < bytes.length ? Buffer.concat([deflated], length) : undefined
}
